using Microsoft.Extensions.DependencyInjection;
using OpenTelemetry.Logs;
using OpenTelemetry.Metrics;
using OpenTelemetry.Resources;
using OpenTelemetry.Trace;
using Parcae.Grains.Telemetry;
using Parcae.Silo.Hosting;

namespace Parcae.Silo.Telemetry;

/// <summary>Traces, metrics and logs of a silo: OTLP when <c>OTEL_EXPORTER_OTLP_ENDPOINT</c> is set, Prometheus where there is an HTTP port.</summary>
internal static class TelemetryExtensions
{
    /// <summary>What is exported: Parcae's own, Orleans', the process (memory, processor, garbage collection), and the requests of the HTTP port.</summary>
    public static IReadOnlyList<string> Meters { get; } = [ParcaeTelemetry.Name, "Microsoft.Orleans", "System.Runtime", "Microsoft.AspNetCore.Hosting"];

    public static IServiceCollection AddParcaeTelemetry(this IServiceCollection services, SiloSettings settings)
    {
        bool otlp = !string.IsNullOrEmpty(Environment.GetEnvironmentVariable("OTEL_EXPORTER_OTLP_ENDPOINT"));
        bool http = settings.ActualHttpPort is not null;
        if (!otlp && !http) return services;
        var telemetry = services.AddOpenTelemetry().ConfigureResource(r => r.AddService($"parcae-{settings.Role}", serviceInstanceId: settings.InstanceId));
        if (otlp)
        {
            // Orleans' application source joins the spans of one trace across processes; its runtime source is noise.
            telemetry.WithTracing(t => t.AddSource(ParcaeTelemetry.Name, "Microsoft.Orleans.Application").AddOtlpExporter());
            // What a line says of its job and generation comes as attributes; the instance is the resource's.
            telemetry.WithLogging(l => l.AddOtlpExporter(), o => (o.IncludeFormattedMessage, o.IncludeScopes) = (true, true));
        }

        telemetry.WithMetrics(m =>
        {
            m.AddMeter([.. Meters]).SetExemplarFilter(ExemplarFilterType.TraceBased);
            if (otlp) m.AddOtlpExporter();
            if (http) m.AddPrometheusExporter();
        });
        return services;
    }
}
