using Microsoft.Extensions.DependencyInjection;
using OpenTelemetry.Metrics;
using OpenTelemetry.Resources;
using OpenTelemetry.Trace;
using Parcae.Grains.Telemetry;
using Parcae.Silo.Hosting;

namespace Parcae.Silo.Telemetry;

/// <summary>Traces and metrics of a silo: OTLP when <c>OTEL_EXPORTER_OTLP_ENDPOINT</c> is set, Prometheus on control silos.</summary>
internal static class TelemetryExtensions
{
    public static IServiceCollection AddParcaeTelemetry(this IServiceCollection services, SiloSettings settings)
    {
        bool otlp = !string.IsNullOrEmpty(Environment.GetEnvironmentVariable("OTEL_EXPORTER_OTLP_ENDPOINT"));
        if (!otlp && !settings.IsControl) return services;
        var telemetry = services.AddOpenTelemetry().ConfigureResource(r => r.AddService($"parcae-{settings.Role}", serviceInstanceId: settings.InstanceId));
        if (otlp)
        {
            // Orleans' application source joins the spans of one trace across processes; its runtime source is noise.
            telemetry.WithTracing(t => t.AddSource(ParcaeTelemetry.Name, "Microsoft.Orleans.Application").AddOtlpExporter());
        }
        telemetry.WithMetrics(m =>
        {
            m.AddMeter(ParcaeTelemetry.Name, "Microsoft.Orleans");
            if (otlp) m.AddOtlpExporter();
            if (settings.IsControl) m.AddPrometheusExporter();
        });
        return services;
    }
}
