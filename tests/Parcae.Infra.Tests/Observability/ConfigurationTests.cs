using System.Text.Json.Nodes;
using Parcae.Infra.Tests.Support;
using Parcae.Silo.Hosting;

namespace Parcae.Infra.Tests.Observability;

/// <summary>Configurations of the collector, Prometheus, Alertmanager and Grafana: they fit each other and the compose file, and the programs take them where they are.</summary>
public sealed class ConfigurationTests
{
    private const string Folder = "infra/observability";
    private static readonly JsonObject Compose = Yaml.Parse(Repository.Read("infra/compose.yaml"));

    [Fact]
    public void Prometheus_reads_the_port_of_the_silos_by_the_names_that_the_network_has()
    {
        var discovery = Yaml.Parse(Repository.Read($"{Folder}/prometheus.yaml")).List("scrape_configs").Single().List("dns_sd_configs").Single();
        Assert.Equal(new SiloSettings().ActualHttpPort, (int)discovery.At("port")!);
        string[] known = [.. Compose.Map("services").Select(s => s.Key), .. Compose.Map("services").SelectMany(s => s.Value.Map("networks.silos").SelectMany(n => n.Value is JsonArray list ? list.Select(a => a!.ToString()) : []))];
        Assert.All(discovery.Texts("names"), n => Assert.Contains(n, known));
    }

    [Fact]
    public void Every_pipeline_of_the_collector_is_made_of_parts_that_are_configured()
    {
        var collector = Yaml.Parse(Repository.Read($"{Folder}/collector.yaml"));
        Assert.Equal(["logs", "metrics", "traces"], collector.Map("service.pipelines").Select(p => p.Key).Order(StringComparer.Ordinal));
        foreach (string kind in new[] { "receivers", "processors", "exporters" })
        {
            string[] used = [.. collector.Map("service.pipelines").SelectMany(p => p.Value.Texts(kind)).Distinct().Order(StringComparer.Ordinal)];
            Assert.Equal(used, collector.Map(kind).Select(p => p.Key).Order(StringComparer.Ordinal));
        }

        Assert.Equal("jaeger:4317", collector.At("exporters")!.AsObject()["otlp/jaeger"].Text("endpoint"));
        // Where silos send, as they send it.
        Assert.EndsWith(":4317", collector.Text("receivers.otlp.protocols.grpc.endpoint"), StringComparison.Ordinal);
        Assert.Equal("http://collector:4317", Compose.Text("services.worker.environment.OTEL_EXPORTER_OTLP_ENDPOINT"));
    }

    [Fact]
    public void Grafana_finds_its_sources_and_its_dashboards()
    {
        foreach (var source in Yaml.Parse(Repository.Read($"{Folder}/grafana/datasources/parcae.yaml")).List("datasources"))
            Assert.Contains(new Uri(source.Text("url")).Host, Compose.Map("services").Select(s => s.Key));
        string folder = Yaml.Parse(Repository.Read($"{Folder}/grafana/dashboards/parcae.yaml")).List("providers").Single().Text("options.path");
        Assert.Contains($"./observability/dashboards:{folder}:ro", Compose.Texts("services.grafana.volumes"));
        string home = Compose.Text("services.grafana.environment.GF_DASHBOARDS_DEFAULT_HOME_DASHBOARD_PATH");
        Assert.Contains(Path.GetRelativePath(folder, home), Expressions.Dashboards.Keys);
    }

    [Fact]
    public void Dashboards_are_whole()
    {
        Assert.Equal(Expressions.Dashboards.Count, Expressions.Dashboards.Values.Select(d => d.Text("uid")).Distinct().Count());
        foreach (var (file, dashboard) in Expressions.Dashboards)
        {
            var panels = dashboard.List("panels").ToArray();
            Assert.Equal(panels.Length, panels.Select(p => (int)p.At("id")!).Distinct().Count());
            string[] variables = [.. dashboard.List("templating.list").Select(v => v.Text("name"))];
            foreach (var panel in panels.Where(p => p.Text("type") != "row"))
            {
                string where = $"{file}, {panel.Text("title")}";
                Assert.True(panel.Text("description").Length > 0, $"{where} does not say what it shows");
                var place = panel.At("gridPos")!;
                Assert.True((int)place.At("x")! + (int)place.At("w")! <= 24, where);
                Assert.All(panels.Where(o => o != panel && o.Text("type") != "row"), o => Assert.False(Overlap(place, o.At("gridPos")!), $"{where} lies on {o.Text("title")}"));
                foreach (string named in panel.List("targets").SelectMany(t => System.Text.RegularExpressions.Regex.Matches(t.Text("expr"), @"\$(\w+)").Select(m => m.Groups[1].Value)).Where(n => !n.StartsWith("__", StringComparison.Ordinal)))
                    Assert.Contains(named, variables);
            }

            Assert.All(dashboard.List("links"), l => Assert.Contains(l.Text("url").Replace("/d/", "", StringComparison.Ordinal), Expressions.Dashboards.Values.Select(d => d.Text("uid"))));
        }
    }

    [Fact]
    public void Every_alert_says_how_urgent_it_is_and_what_it_means_and_the_guide_has_it()
    {
        string guide = Repository.Read("infra/README.md");
        foreach (var alert in Expressions.Rules.Where(r => r.At("alert") is not null))
        {
            string name = alert.Text("alert");
            Assert.Contains(alert.Text("labels.severity"), new[] { "critical", "warning", "info" });
            Assert.NotEmpty(alert.Text("annotations.summary"));
            Assert.NotEmpty(alert.Text("annotations.description"));
            Assert.Contains($"| `{name}` | {alert.Text("labels.severity")} |", guide, StringComparison.Ordinal);
        }
    }

    [Fact]
    public void Promtool_takes_the_rules_and_finds_that_they_fire_when_they_should()
    {
        var promtool = Promtool();
        promtool.Run(["check", "rules", Repository.Place(Expressions.RuleFile)]).Good();
        promtool.Run(["test", "rules", Repository.Place("tests/Parcae.Infra.Tests/Observability/rules.test.yaml")]).Good();
    }

    [Fact]
    public void Every_alert_is_tried_in_a_case_in_which_it_fires()
    {
        var tried = Yaml.Parse(Repository.Read("tests/Parcae.Infra.Tests/Observability/rules.test.yaml")).List("tests").SelectMany(t => t.List("alert_rule_test")).Where(t => t.List("exp_alerts").Any()).Select(t => t.Text("alertname"));
        Assert.Equal(Expressions.Rules.Select(r => r.At("alert")?.ToString()).OfType<string>().Order(StringComparer.Ordinal), tried.Distinct().Order(StringComparer.Ordinal));
    }

    [Fact]
    public void Promtool_takes_the_configuration_and_every_expression_of_the_dashboards()
    {
        var promtool = Promtool();
        using var scratch = new Scratch();
        string rules = scratch.Write("rules.yaml", Repository.Read(Expressions.RuleFile));
        promtool.Run(["check", "config", scratch.Write("prometheus.yaml", Repository.Read($"{Folder}/prometheus.yaml").Replace("/etc/prometheus/rules.yaml", rules, StringComparison.Ordinal))]).Good();
        var expressions = Expressions.All.Where(e => !e.Text.StartsWith("label_values", StringComparison.Ordinal)).Select((e, i) => new JsonObject { ["record"] = $"panel:{i}", ["expr"] = Expressions.Filled(e.Text) });
        var file = new JsonObject { ["groups"] = new JsonArray(new JsonObject { ["name"] = "panels", ["rules"] = new JsonArray([.. expressions]) }) };
        promtool.Run(["check", "rules", scratch.Write("panels.json", file.ToJsonString())]).Good();
    }

    [Fact]
    public void Amtool_takes_the_configuration_of_Alertmanager() =>
        Tool.Need("amtool", "apt-get install prometheus-alertmanager").Run(["check-config", Repository.Place($"{Folder}/alertmanager.yaml")]).Good();

    private static Tool Promtool() => Tool.Need("promtool", "apt-get install prometheus");

    private static bool Overlap(JsonNode a, JsonNode b) =>
        (int)a.At("x")! < (int)b.At("x")! + (int)b.At("w")! && (int)b.At("x")! < (int)a.At("x")! + (int)a.At("w")! && (int)a.At("y")! < (int)b.At("y")! + (int)b.At("h")! && (int)b.At("y")! < (int)a.At("y")! + (int)a.At("h")!;
}
