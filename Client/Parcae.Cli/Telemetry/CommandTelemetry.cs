using OpenTelemetry;
using OpenTelemetry.Resources;
using OpenTelemetry.Trace;

using Parcae.Grains.Telemetry;

namespace Parcae.Cli.Telemetry;

/// <summary>Sends the command's spans over OTLP when <c>OTEL_EXPORTER_OTLP_ENDPOINT</c> is set; otherwise does nothing.</summary>
internal static class CommandTelemetry
{
    private const string Endpoint = "OTEL_EXPORTER_OTLP_ENDPOINT";

    /// <summary>Orleans' spans around grain calls: they carry the trace on into the service.</summary>
    private const string OrleansCalls = "Microsoft.Orleans.Application";

    /// <summary>Starts sending; null when there is nowhere to send to.</summary>
    public static IDisposable? Start() => string.IsNullOrEmpty(Environment.GetEnvironmentVariable(Endpoint))
        ? null
        : Sdk.CreateTracerProviderBuilder()
            .ConfigureResource(r => r.AddService("parcae-cli").AddEnvironmentVariableDetector())
            .AddSource(ParcaeTelemetry.Name)
            .AddSource(OrleansCalls)
            .AddOtlpExporter()
            .Build();
}
