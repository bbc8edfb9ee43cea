using System.Net;
using System.Net.Sockets;
using System.Security.Cryptography;
using Xunit;

namespace Parcae.Silo.Tests;

/// <summary>The host as a process: store, control silo, health, metrics.</summary>
public sealed class HostProcessTests : IAsyncDisposable
{
    private readonly SiloProcesses _processes = new();

    [Fact]
    public async Task A_control_silo_on_the_embedded_store_is_healthy_and_has_metrics()
    {
        int redis = FreePorts.Next(), http = FreePorts.Next();
        await _processes.StartAsync("READY store", "store", "--port", $"{redis}", "--data", _processes.Folder);
        await _processes.StartAsync("READY c-1", "--role", "control", "--instance-id", "c-1", "--redis", $"127.0.0.1:{redis}", "--silo-port", $"{FreePorts.Next()}", "--gateway-port", $"{FreePorts.Next()}",
            "--http-port", $"{http}", "--checkpoints", _processes.Folder);

        using var client = new HttpClient { BaseAddress = new Uri($"http://127.0.0.1:{http}") };
        Assert.StartsWith("Healthy: cluster 1 silos active", await client.GetStringAsync("/health"), StringComparison.Ordinal);
        Assert.Contains("orleans", await client.GetStringAsync("/metrics"), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("--port", "store")]
    [InlineData("--silo-port", "--role", "worker")]
    [InlineData("--gateway-port", "--role", "control", "--silo-port", "0", "--http-port", "0")]
    [InlineData("--data-port", "--role", "worker", "--silo-port", "0")]
    [InlineData("--http-port", "--role", "control", "--silo-port", "0", "--gateway-port", "0")]
    public async Task A_busy_port_is_said_plainly(string option, params string[] arguments)
    {
        using var taken = new TcpListener(IPAddress.Loopback, 0);
        taken.Start();
        int port = ((IPEndPoint)taken.LocalEndpoint).Port;
        Assert.Equal((1, $"{option} {port}: the port is in use on 127.0.0.1; name a free one, or end what has it."), await RefusedAsync([.. arguments, option, $"{port}"]));
    }

    [Fact]
    public async Task An_address_that_is_not_this_machines_is_said_plainly() =>
        Assert.Equal(
            (1, "--silo-port 11111: this process cannot listen on 192.0.2.1: Cannot assign requested address"),
            await RefusedAsync("--role", "worker", "--host", "192.0.2.1", "--secret-file", Secret()));

    [Fact]
    public async Task A_name_that_nobody_knows_is_said_plainly() => Assert.Equal((2, "--host no-such.invalid: no IPv4 address is known for this name."), await RefusedAsync("--role", "worker", "--host", "no-such.invalid", "--secret-file", Secret()));

    [Fact]
    public async Task A_wrong_option_ends_with_exit_code_2_and_no_stack_trace() => Assert.Equal((2, "--role boss: must be control, worker or all"), await RefusedAsync("--role", "boss"));

    private async Task<(int ExitCode, string Error)> RefusedAsync(params string[] arguments)
    {
        var process = _processes.Start(arguments);
        string error = await process.StandardError.ReadToEndAsync();
        await process.WaitForExitAsync();
        return (process.ExitCode, error.Trim());
    }

    private string Secret()
    {
        string file = Path.Combine(_processes.Folder, "secret");
        File.WriteAllText(file, Convert.ToBase64String(RandomNumberGenerator.GetBytes(32)));
        return file;
    }

    public ValueTask DisposeAsync() => _processes.DisposeAsync();
}
