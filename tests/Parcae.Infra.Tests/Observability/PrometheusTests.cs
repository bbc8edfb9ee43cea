using System.Diagnostics;
using System.Text.Json.Nodes;
using Parcae.Infra.Tests.Support;
using Parcae.Silo.Tests;

namespace Parcae.Infra.Tests.Observability;

/// <summary>A real Prometheus with the configuration and the rules of infra/observability reads a running service; every expression of the dashboards is asked.</summary>
[Collection(RunningServiceCollection.Name)]
public sealed class PrometheusTests(RunningService service) : IAsyncDisposable
{
    // What a service shows only after a preemption, an error or a second of something that it has none of.
    private static readonly string[] MayBeEmpty = ["Instances lost", "Steps that changed nothing", "Exceptions", "Requests that timed out", "State moved", "State moved, by who received it"];

    private readonly Scratch _scratch = new();
    private readonly SiloProcesses _processes = new();
    private readonly HttpClient _client = new();

    [Fact]
    public async Task Every_panel_of_the_dashboards_has_something_to_show()
    {
        var prometheus = Tool.Need("prometheus", "apt-get install prometheus");
        int port = FreePorts.Next();
        _client.BaseAddress = new Uri($"http://127.0.0.1:{port}");
        var start = new ProcessStartInfo(prometheus.Path, [$"--config.file={Configuration()}", $"--storage.tsdb.path={_scratch.Place("data")}", $"--web.listen-address=127.0.0.1:{port}"]);
        await _processes.StartAsync(start, line => line.Contains("Server is ready to receive web requests", StringComparison.Ordinal), "Server is ready to receive web requests");

        // Rates need two readings at least.
        await UntilAsync("count_over_time(up{role=\"control\"}[1m]) >= 5 and on () count_over_time(up{role=\"worker\"}[1m]) >= 5");
        await UntilAsync("up{role=\"control\"} == 1 and on () up{role=\"worker\"} == 1");
        await UntilAsync("parcae:samples:rate1m{parcae_job=\"small\"} > 0");
        Assert.Equal("small", (await AskAsync("parcae_training_samples_total")).Single().Text("metric.parcae_job"));
        Assert.Equal("parcae", (await AskAsync("parcae_training_samples_total")).Single().Text("metric.job"));

        var empty = new List<string>();
        foreach (var (where, text) in Expressions.All.Where(e => !e.Text.StartsWith("label_values", StringComparison.Ordinal) && !e.Where.StartsWith("rule", StringComparison.Ordinal)))
        {
            string panel = where[(where.IndexOf(", ", StringComparison.Ordinal) + 2)..];
            if ((await AskAsync(Expressions.Filled(text))).Length == 0 && !MayBeEmpty.Contains(panel)) empty.Add($"{where}: {text}");
        }

        Assert.Empty(empty);
        foreach (var rule in JsonNode.Parse(await _client.GetStringAsync("/api/v1/rules")).List("data.groups").SelectMany(g => g.List("rules")))
        {
            Assert.True(rule.Text("health") is "ok" or "unknown", rule.ToJsonString());
            Assert.NotEqual("firing", rule.At("state")?.ToString());
        }
    }

    public async ValueTask DisposeAsync()
    {
        _client.Dispose();
        await _processes.DisposeAsync();
        _scratch.Dispose();
    }

    // The repository's, but for where silos and rules are on this machine, and sooner.
    private string Configuration()
    {
        var configuration = Yaml.Parse(Repository.Read("infra/observability/prometheus.yaml"));
        configuration["global"] = new JsonObject { ["scrape_interval"] = "1s", ["evaluation_interval"] = "1s" };
        configuration["rule_files"] = new JsonArray(Repository.Place(Expressions.RuleFile));
        configuration.Remove("alerting");
        var scrape = configuration.List("scrape_configs").Single().AsObject();
        scrape.Remove("dns_sd_configs");
        scrape["static_configs"] = new JsonArray(Target("control", "http", service.ControlPort), Target("workers", "https", service.WorkerPort));
        scrape["tls_config"] = new JsonObject { ["ca_file"] = service.Certificate("localhost", "ca.crt"), ["server_name"] = "localhost" };
        return _scratch.Write("prometheus.yaml", configuration.ToJsonString());

        static JsonObject Target(string name, string scheme, int port) => new() { ["targets"] = new JsonArray($"127.0.0.1:{port}"), ["labels"] = new JsonObject { ["__meta_dns_name"] = name, ["__scheme__"] = scheme } };
    }

    private async Task UntilAsync(string expression)
    {
        long start = TimeProvider.System.GetTimestamp();
        while ((await AskAsync(expression)).Length == 0)
        {
            Assert.True(TimeProvider.System.GetElapsedTime(start) < Patience.Long, $"{expression} has not come true within {Patience.Long.TotalMinutes:0} minutes.");
            await Task.Delay(200, TestContext.Current.CancellationToken);
        }
    }

    private async Task<JsonNode[]> AskAsync(string expression)
    {
        using var answer = await _client.GetAsync($"/api/v1/query?query={Uri.EscapeDataString(expression)}", TestContext.Current.CancellationToken);
        var said = JsonNode.Parse(await answer.Content.ReadAsStringAsync(TestContext.Current.CancellationToken));
        Assert.True(answer.IsSuccessStatusCode, $"{expression}: {said.At("error")}");
        return [.. said.List("data.result")];
    }
}
