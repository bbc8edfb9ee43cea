using System.Diagnostics.Metrics;
using System.Reflection;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.Extensions.DependencyInjection;
using OpenTelemetry.Metrics;
using Parcae.Grains.Telemetry;
using Parcae.Infra.Tests.Support;

namespace Parcae.Infra.Tests.Observability;

/// <summary>Parcae's instruments: as they are in code, as the documentation lists them, and under the names that the exporter gives them.</summary>
internal static class Instruments
{
    /// <summary>An instrument as docs/telemetry.md has it.</summary>
    /// <param name="Name">Its name.</param>
    /// <param name="Unit">Its unit.</param>
    /// <param name="Kind">counter, gauge or histogram.</param>
    /// <param name="Attributes">Names of its attributes.</param>
    public sealed record Listed(string Name, string Unit, string Kind, string[] Attributes);

    /// <summary>Those in code.</summary>
    public static IReadOnlyList<Instrument> InCode { get; } =
        [.. typeof(ParcaeTelemetry).GetProperties(BindingFlags.Public | BindingFlags.Static).Select(p => p.GetValue(null)).OfType<Instrument>().OrderBy(i => i.Name, StringComparer.Ordinal)];

    /// <summary>Those in the documentation.</summary>
    public static IReadOnlyList<Listed> InDocumentation { get; } =
        [.. Repository.Read("docs/telemetry.md").Split('\n').Where(l => l.StartsWith("| `parcae.", StringComparison.Ordinal)).Select(l => l.Split('|'))
            .Select(c => new Listed(c[1].Trim(' ', '`'), c[2].Trim(' ', '`'), c[3].Trim(), c[4].Split(',', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries)))
            .OrderBy(i => i.Name, StringComparer.Ordinal)];

    /// <summary>What Prometheus reads of them: one measurement of each, with the attributes of the documentation, through the exporter that silos use.</summary>
    public static async Task<Exposition> ExportAsync()
    {
        var builder = WebApplication.CreateEmptyBuilder(new());
        builder.WebHost.UseKestrelCore().UseUrls("http://127.0.0.1:0");
        builder.Services.AddRoutingCore();
        builder.Services.AddOpenTelemetry().WithMetrics(m => m.AddMeter(ParcaeTelemetry.Name).AddPrometheusExporter());
        await using var app = builder.Build();
        app.MapPrometheusScrapingEndpoint("/metrics");
        await app.StartAsync();
        foreach (var instrument in InCode)
        {
            KeyValuePair<string, object?>[] tags = [.. InDocumentation.Single(l => l.Name == instrument.Name).Attributes.Select(a => KeyValuePair.Create(a, (object?)(a is "noticed" or "written" ? true : "one")))];
            Record((dynamic)instrument, tags);
        }

        using var client = new HttpClient();
        return Exposition.Read(await client.GetStringAsync(app.Urls.Single() + "/metrics"));
    }

    private static void Record(Counter<long> counter, KeyValuePair<string, object?>[] tags) => counter.Add(1, tags);

    private static void Record(Counter<double> counter, KeyValuePair<string, object?>[] tags) => counter.Add(1, tags);

    private static void Record(Gauge<long> gauge, KeyValuePair<string, object?>[] tags) => gauge.Record(1, tags);

    private static void Record(Gauge<int> gauge, KeyValuePair<string, object?>[] tags) => gauge.Record(1, tags);

    private static void Record(Gauge<double> gauge, KeyValuePair<string, object?>[] tags) => gauge.Record(1, tags);

    private static void Record(Histogram<double> histogram, KeyValuePair<string, object?>[] tags) => histogram.Record(1, tags);
}
