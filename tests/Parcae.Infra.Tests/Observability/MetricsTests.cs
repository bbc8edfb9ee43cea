using System.Reflection;
using Parcae.Infra.Tests.Support;

namespace Parcae.Infra.Tests.Observability;

/// <summary>Dashboards and alert rules speak of series and labels that a service has: its exporter is asked, not a list.</summary>
[Collection(RunningServiceCollection.Name)]
public sealed class MetricsTests(RunningService service)
{
    // What Prometheus adds to what it reads: see infra/observability/prometheus.yaml and the chart's ServiceMonitor. An attribute "job" arrives as parcae_job.
    private static readonly string[] Added = ["instance", "role"];
    private static readonly string[] Own = ["up"];

    /// <summary>Every expression.</summary>
    public static TheoryData<string, string> All
    {
        get
        {
            var data = new TheoryData<string, string>();
            foreach (var (where, text) in Expressions.All) data.Add(where, text);
            return data;
        }
    }

    [Fact]
    public void The_documentation_lists_every_instrument_as_it_is()
    {
        Assert.Equal(
            Instruments.InCode.Select(i => (i.Name, i.Unit, i.GetType().Name.Split('`')[0].ToLowerInvariant())),
            Instruments.InDocumentation.Select(i => (i.Name, (string?)i.Unit, i.Kind)));
    }

    [Theory]
    [MemberData(nameof(All))]
    public async Task Every_series_and_every_label_is_there(string where, string text)
    {
        var (expression, exported) = (PromQl.Read(Expressions.Filled(text)), await Exported.Value);
        string[] recorded = [.. Expressions.Rules.Select(r => r.At("record")?.ToString()).OfType<string>()];
        // The second argument of label_values is a label.
        string[] series = [.. expression.Series.Where(s => !text.StartsWith("label_values", StringComparison.Ordinal) || s is not ("parcae_job" or "instance"))];
        Assert.NotEmpty(series);
        var labels = new HashSet<string>(Added);
        foreach (string name in series)
        {
            if (Own.Contains(name)) continue;
            if (recorded.Contains(name))
            {
                labels.UnionWith(PromQl.Read(Expressions.Rules.Single(r => r.At("record")?.ToString() == name).Text("expr")).Labels);
                continue;
            }

            Assert.True(exported.Names.Contains(name) || service.Metrics.Names.Contains(name) || OfOrleans(name), $"{where}: no silo has the series {name}");
            foreach (var page in new[] { exported, service.Metrics }.Where(p => p.Names.Contains(name))) labels.UnionWith(page.Labels(name).Select(l => l == "job" ? "parcae_job" : l));
        }

        Assert.All(expression.Labels, l => Assert.True(labels.Contains(l), $"{where}: {string.Join(", ", series)} has no label {l}; it has {string.Join(", ", labels.Order(StringComparer.Ordinal))}"));
        // Booleans are written as the exporter writes them.
        foreach (var (label, value) in expression.Equal.Where(e => e.Label is "noticed" or "written"))
            Assert.Contains(value, exported.Values(label).SelectMany(v => new[] { v, v == "true" ? "false" : v == "True" ? "False" : v }));
    }

    [Fact]
    public async Task What_a_real_job_measures_has_the_names_and_the_labels_that_the_documentation_says()
    {
        var exported = await Exported.Value;
        string[] seen = [.. service.Metrics.Names.Where(n => n.StartsWith("parcae_", StringComparison.Ordinal))];
        Assert.Contains(seen, n => n.StartsWith("parcae_liveput", StringComparison.Ordinal));
        Assert.All(seen, n =>
        {
            Assert.Contains(n, exported.Names);
            Assert.Equal(exported.Labels(n).Order(StringComparer.Ordinal), service.Metrics.Labels(n).Order(StringComparer.Ordinal));
        });
    }

    [Fact]
    public void The_collector_and_Prometheus_rename_the_attribute_that_Prometheus_has_a_label_of_its_own_for()
    {
        Assert.Contains(Instruments.InDocumentation, i => i.Attributes.Contains("job"));
        var scrape = Yaml.Parse(Repository.Read("infra/observability/prometheus.yaml")).List("scrape_configs").Single();
        Assert.Contains(scrape.List("metric_relabel_configs"), r => r.Texts("source_labels") is ["exported_job"] && r.At("target_label")?.ToString() == "parcae_job");
        string collector = Repository.Read("infra/observability/collector.yaml");
        Assert.Contains("set(attributes[\"parcae_job\"], attributes[\"job\"])", collector, StringComparison.Ordinal);
        Assert.Contains("delete_key(attributes, \"job\")", collector, StringComparison.Ordinal);
    }

    // A counter of errors is on no page until there is one: its name is Orleans' own.
    private static bool OfOrleans(string series)
    {
        var names = Type.GetType("Orleans.Runtime.InstrumentNames, Orleans.Core", throwOnError: true)!.GetFields(BindingFlags.Public | BindingFlags.NonPublic | BindingFlags.Static).Select(f => f.GetRawConstantValue()).OfType<string>();
        return names.Any(n => series == $"{n.Replace('-', '_')}_total");
    }

    private static readonly Lazy<Task<Exposition>> Exported = new(Instruments.ExportAsync);
}
