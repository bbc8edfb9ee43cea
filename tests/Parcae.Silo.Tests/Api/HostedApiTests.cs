using System.Net;
using System.Net.NetworkInformation;
using System.Net.Sockets;
using Parcae.Silo.Tests.Durability;
using Xunit;

namespace Parcae.Silo.Tests.Api;

/// <summary>The API as the program itself hosts it.</summary>
[Collection(Deployment.OneAtATime)]
public sealed class HostedApiTests
{
    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_file_without_a_token_keeps_the_silo_from_starting_and_is_named()
    {
        await using var processes = new SiloProcesses();
        string file = Path.Combine(processes.Folder, "tokens");
        await File.WriteAllTextAsync(file, "admin ada\n", Stop);
        var process = processes.Start("--role", "control", "--api-token-file", file);
        string said = await process.StandardError.ReadToEndAsync(Stop);
        await process.WaitForExitAsync(Stop);
        Assert.Equal(2, process.ExitCode);
        Assert.Equal($"--api-token-file {file}, line 1: it has 2 parts; it must be 'role name secret' with the role viewer, submitter or admin.", said.Trim());
    }

    [Fact]
    public async Task A_silo_without_tokens_that_binds_to_everything_shows_others_its_health_and_nothing_else()
    {
        string? here = NetworkInterface.GetAllNetworkInterfaces().Where(i => i.OperationalStatus == OperationalStatus.Up)
            .SelectMany(i => i.GetIPProperties().UnicastAddresses).Select(a => a.Address)
            .FirstOrDefault(a => a.AddressFamily == AddressFamily.InterNetwork && !IPAddress.IsLoopback(a))?.ToString();
        Assert.SkipWhen(here is null, "This machine has no address but its loopback ones.");
        await using var processes = new SiloProcesses();
        int redis = FreePorts.Next(), http = FreePorts.Next();
        await processes.StartAsync("READY store", "store", "--port", $"{redis}", "--data", processes.Folder);
        await processes.StartAsync(
            "READY c-1", "--role", "control", "--instance-id", "c-1", "--redis", $"127.0.0.1:{redis}", "--silo-port", $"{FreePorts.Next()}", "--gateway-port", $"{FreePorts.Next()}",
            "--http-host", "0.0.0.0", "--http-port", $"{http}", "--checkpoints", processes.Folder, "--stop-timeout", "0");
        Assert.Contains("The HTTP port binds to 0.0.0.0, but no token is configured (--api-token-file): the API and the dashboard answer this machine alone", processes.Output, StringComparison.Ordinal);

        using var client = new HttpClient();
        foreach (var (host, path, expected) in ((string, string, HttpStatusCode)[])[
            (here!, "/health/live", HttpStatusCode.OK), (here!, "/api/v1/jobs", HttpStatusCode.Forbidden), (here!, "/api/v1/stream", HttpStatusCode.Forbidden), (here!, "/orleans/", HttpStatusCode.Forbidden),
            ("127.0.0.1", "/api/v1/jobs", HttpStatusCode.OK), ("localhost", "/", HttpStatusCode.OK), ("127.0.0.1", "/orleans/", HttpStatusCode.OK)])
        {
            using var response = await client.GetAsync($"http://{host}:{http}{path}", Stop);
            Assert.Equal((host, path, expected), (host, path, response.StatusCode));
        }
    }
}
