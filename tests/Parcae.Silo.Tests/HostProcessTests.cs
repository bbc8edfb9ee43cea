using System.Net;
using System.Net.Sockets;
using Xunit;

namespace Parcae.Silo.Tests;

/// <summary>The host as a process: store, control silo, health, metrics.</summary>
public sealed class HostProcessTests : IAsyncDisposable
{
    private readonly SiloProcesses _processes = new();

    [Fact]
    public async Task A_control_silo_on_the_embedded_store_is_healthy_and_has_metrics()
    {
        int redis = SiloProcesses.FreePort(), http = SiloProcesses.FreePort();
        await _processes.StartAsync("READY store", "store", "--port", $"{redis}", "--data", _processes.Folder);
        await _processes.StartAsync("READY c-1", "--role", "control", "--instance-id", "c-1", "--redis", $"127.0.0.1:{redis}", "--silo-port", $"{SiloProcesses.FreePort()}", "--gateway-port", $"{SiloProcesses.FreePort()}",
            "--http-port", $"{http}", "--checkpoints", _processes.Folder);

        using var client = new HttpClient { BaseAddress = new Uri($"http://127.0.0.1:{http}") };
        Assert.StartsWith("Healthy: cluster 1 silos active", await client.GetStringAsync("/health"), StringComparison.Ordinal);
        Assert.Contains("orleans", await client.GetStringAsync("/metrics"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_busy_port_is_said_plainly()
    {
        using var taken = new TcpListener(IPAddress.Loopback, 0);
        taken.Start();
        int port = ((IPEndPoint)taken.LocalEndpoint).Port;
        var process = _processes.Start("store", "--port", $"{port}", "--data", _processes.Folder);
        string error = await process.StandardError.ReadToEndAsync();
        await process.WaitForExitAsync();
        Assert.Equal((1, $"Port {port} on 127.0.0.1 is in use; give the store a free one with --port."), (process.ExitCode, error.Trim()));
    }

    [Fact]
    public async Task A_wrong_option_ends_with_exit_code_2_and_no_stack_trace()
    {
        var process = _processes.Start("--role", "boss");
        string error = await process.StandardError.ReadToEndAsync();
        await process.WaitForExitAsync();
        Assert.Equal((2, "--role boss: must be control, worker or all"), (process.ExitCode, error.Trim()));
    }

    public ValueTask DisposeAsync() => _processes.DisposeAsync();
}
