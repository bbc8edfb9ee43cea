using System.Text.Json.Nodes;
using NJsonSchema;
using Parcae.Infra.Tests.Support;
using Parcae.Silo.Hosting;

namespace Parcae.Infra.Tests.Charts;

/// <summary>values.yaml and its schema.</summary>
public sealed class ValuesTests
{
    private static readonly string SchemaText = Repository.Read(Chart.Folder + "/values.schema.json");

    [Fact]
    public async Task The_values_keep_to_their_schema() => Assert.Empty((await JsonSchema.FromJsonAsync(SchemaText, TestContext.Current.CancellationToken)).Validate(Values().ToJsonString()));

    [Theory]
    [InlineData("worker.replicas", "\"two\"")]
    [InlineData("worker.kind", "\"ReplicaSet\"")]
    [InlineData("control.replicas", "2")]
    [InlineData("control.stopTimeout", "0")]
    [InlineData("control.stopTimeout", "2.5")]
    [InlineData("ports.http", "70000")]
    [InlineData("telemetry.otlpEndpoint", "\"collector:4317\"")]
    [InlineData("control.persistence.size", "\"100 GB\"")]
    [InlineData("worker.settings", "{ \"intervall\": 60 }")]
    [InlineData("worker.gpu.count", "2")]
    [InlineData("serviceSecret.existingSecret", "\"My secret\"")]
    [InlineData("serviceSecret.secret", "\"0123456789abcdef0123456789abcdef\"")]
    [InlineData("tls.enabled", "\"yes\"")]
    [InlineData("tls.secretName", "\"parcae/tls\"")]
    [InlineData("tls.authority", "\"ca.crt\"")]
    [InlineData("tls.certManager.duration", "\"90d\"")]
    [InlineData("tls.certManager.issuerRef", "{ \"issuer\": \"members\" }")]
    [InlineData("httpTls.secretName", "true")]
    [InlineData("serviceMonitor.tlsConfig", "\"insecure\"")]
    [InlineData("worker.settings", "{ \"secret-file\": \"/etc/secret\" }")]
    public async Task What_would_not_work_is_refused(string path, string value)
    {
        var values = Values();
        string[] keys = path.Split('.');
        ((JsonObject)values.At(string.Join('.', keys[..^1]))!)[keys[^1]] = JsonNode.Parse(value);
        Assert.NotEmpty((await JsonSchema.FromJsonAsync(SchemaText, TestContext.Current.CancellationToken)).Validate(values.ToJsonString()));
    }

    [Fact]
    public void Every_value_is_in_the_schema_and_every_key_of_the_schema_in_the_values()
    {
        Assert.Equal(Keys(Values()).Order(StringComparer.Ordinal), SchemaKeys(JsonNode.Parse(SchemaText)!).Where(k => k != "global").Order(StringComparer.Ordinal));
    }

    [Fact]
    public void The_settings_that_it_takes_are_the_silos_but_for_those_that_the_chart_sets()
    {
        string[] taken = [.. JsonNode.Parse(SchemaText)!.Map("properties.settings.properties").Select(p => p.Key)];
        string[] own = ["api-token-file", "cluster-id", "config", "data", "data-port", "device", "gateway-port", "host", "http-certificate", "http-host", "http-key", "http-port", "instance-id", "kubernetes-endpoint", "parent-pid", "port", "redis", "redis-ca", "redis-certificate", "redis-key", "redis-password-file", "role", "secret-file", "service-account", "service-id", "silo-port", "stop-timeout", "tls-authority", "tls-certificate", "tls-key"];
        Assert.Equal(SettingNames.Options.Except(own), taken.Order(StringComparer.Ordinal));
        foreach (string part in new[] { "control", "worker" }) Assert.Equal(taken, JsonNode.Parse(SchemaText)!.Map($"properties.{part}.properties.settings.properties").Select(p => p.Key));
        Assert.All(own, o => Assert.Contains(o, SettingNames.Options));
    }

    [Fact]
    public void Ports_and_times_are_the_silos_defaults()
    {
        var (values, silo) = (Values(), new SiloSettings());
        Assert.Equal((silo.ActualHttpPort, silo.SiloPort, silo.ActualGatewayPort), ((int)values.At("ports.http")!, (int)values.At("ports.silo")!, (int)values.At("ports.gateway")!));
        Assert.Equal((silo.StopTimeout, silo.StopTimeout), ((double)values.At("control.stopTimeout")!, (double)values.At("worker.stopTimeout")!));
        Assert.Equal((silo.ClusterId, silo.ServiceId), (values.Text("clusterId"), values.Text("serviceId")));
    }

    [Fact]
    public void It_does_not_watch_clusters_that_have_no_such_resources()
    {
        foreach (string off in new[] { "serviceMonitor.enabled", "rules.enabled", "dashboards.enabled", "worker.gpu.enabled", "tls.certManager.enabled" }) Assert.False((bool)Values().At(off)!);
    }

    private static JsonObject Values() => Yaml.Parse(Repository.Read(Chart.Folder + "/values.yaml"));

    // Maps that are the user's own end a path.
    private static IEnumerable<string> Keys(JsonObject map, string above = "") => map.SelectMany(e =>
        e.Value is JsonObject { Count: > 0 } inner && e.Key is not ("labels" or "requests" or "limits") ? Keys(inner, $"{above}{e.Key}.") : [above + e.Key]);

    private static IEnumerable<string> SchemaKeys(JsonNode schema, string above = "") => schema.Map("properties").SelectMany(e =>
        e.Key != "settings" && e.Value.At("properties") is JsonObject { Count: > 0 } ? SchemaKeys(e.Value!, $"{above}{e.Key}.") : [above + e.Key]);
}
