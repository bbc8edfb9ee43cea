using System.Diagnostics;
using Parcae.Grains;

namespace Parcae.Cli.Demo.Processes;

/// <summary>How the demo's processes are started.</summary>
/// <param name="Host">The .NET host.</param>
/// <param name="Silo">Path of <c>Parcae.Silo.dll</c>.</param>
/// <param name="Faults">Whether workers and the vault take faults; then silence and hangs are noticed soon.</param>
/// <param name="AllowReplay">Whether workers may be told to vanish.</param>
internal sealed record SiloCommandLine(string Host, string Silo, bool Faults = false, bool AllowReplay = false)
{
    /// <summary>
    /// A worker's environment; one thread each, as several workers share one machine. Tiered PGO costs more than it gains in processes that live for a minute.
    /// </summary>
    private static readonly Dictionary<string, string> Variables = new(WorkerEnvironment.Variables)
    {
        ["OMP_NUM_THREADS"] = "1",
        ["DOTNET_TieredPGO"] = "0",
    };

    /// <summary>USD per hour of the instance whose spot price is the workers' default: a p3.2xlarge.</summary>
    private const string OnDemandPrice = "3.06";

    private string[] FaultArguments => Faults ? ["--faults", "true", "--heartbeat", "2", "--stall-timeout", "10"] : [];

    /// <summary>The embedded Redis-compatible store.</summary>
    public ProcessStartInfo Store(int port, string dataFolder) =>
        Launch(["store", "--port", $"{port}", "--data", dataFolder], "parcae-store");

    /// <summary>A control silo with a state vault.</summary>
    public ProcessStartInfo Control(string id, string redis, int siloPort, int gatewayPort, int httpPort, double intervalSeconds, string checkpointFolder) =>
        Launch(
            [
                "--role", "control", "--redis", redis, "--instance-id", id, "--silo-port", $"{siloPort}", "--gateway-port", $"{gatewayPort}",
                "--interval", $"{intervalSeconds}", "--http-port", $"{httpPort}", "--checkpoints", checkpointFolder, "--on-demand-price", OnDemandPrice, .. FaultArguments,
            ],
            "parcae-control");

    /// <summary>
    /// A worker silo; its data plane takes any free port. It is no gateway: a client that hangs on a worker would wait for its own timeout when the worker is killed. Notices come from the replay alone, and a stop is at
    /// once, as all stop together.
    /// </summary>
    public ProcessStartInfo Worker(string id, string redis, int siloPort) =>
        Launch(
            [
                "--role", "worker", "--redis", redis, "--instance-id", id, "--silo-port", $"{siloPort}", "--gateway-port", "0",
                "--host", "127.0.0.1", "--availability", "none", "--stop-timeout", "0", .. FaultArguments, .. AllowReplay ? ["--allow-replay", "true"] : Array.Empty<string>(),
            ],
            "parcae-worker");

    /// <summary>A verb of the silo's program that works and ends: <c>export</c>, <c>generate</c>.</summary>
    public ProcessStartInfo Tool(string[] arguments) => Launch(arguments, "parcae-tool");

    private ProcessStartInfo Launch(string[] arguments, string serviceName)
    {
        // The child watches this process and ends when it is gone, however it ended.
        var start = new ProcessStartInfo(Host, [Silo, .. arguments, "--parent-pid", $"{Environment.ProcessId}"]);
        foreach (var (name, value) in Variables) start.Environment[name] = value;
        // What this shell says of another service's Redis and certificates is not meant for the one of these processes.
        foreach (string name in (string[])["REDIS_PASSWORD_FILE", "REDIS_CA", "REDIS_CERTIFICATE", "REDIS_KEY", "TLS_CERTIFICATE", "TLS_KEY", "TLS_AUTHORITY"]) start.Environment.Remove($"PARCAE_{name}");
        // OTEL_* and the rest of the environment are inherited.
        _ = start.Environment.TryAdd("OTEL_SERVICE_NAME", serviceName);
        return start;
    }
}
