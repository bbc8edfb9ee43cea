using Parcae.Cli.Demo.Processes;
using Parcae.EndToEnd.Otlp;
using Xunit;

namespace Parcae.EndToEnd;

/// <summary>What real processes send while a job is reconfigured.</summary>
[Collection("one at a time")]
public sealed class TelemetryTests
{
    private const long Millisecond = 1_000_000;

    [Fact]
    public async Task A_reconfiguration_is_one_trace_from_the_notice_to_the_sockets_through_all_processes()
    {
        await using var receiver = new OtlpReceiver(FreePorts.Next());
        await using var demo = new DemoProcess("4 4 4 3 3 3", receiver.Environment, "--instances", "4", "--interval", "3", "--unannounced", "0");

        var result = await demo.ResultAsync();

        var spans = receiver.Spans;
        string job = result.GetProperty("jobId").GetString()!;
        var reconfigurations = spans.Where(s => s.Name == "reconfigure" && s.Tags["job"] == job && s.Tags.ContainsKey("kind")).ToArray();
        Assert.Equal(
            result.GetProperty("generations").EnumerateArray().Select(g => $"{g.GetProperty("number").GetInt32()}: {g.GetProperty("cause").GetString()}"),
            reconfigurations.OrderBy(s => s.Start).Select(s => $"{s.Tags["generation"]}: {s.Tags["cause"]}"));

        // The one that moved state on account of the notice.
        var root = reconfigurations.First(s => s.Tags["cause"].Contains("(notice)", StringComparison.Ordinal));
        Assert.Equal("", root.ParentId);
        var trace = spans.Where(s => s.TraceId == root.TraceId).ToArray();
        var byId = trace.ToDictionary(s => s.Id);
        Assert.Equal([root], trace.Where(s => s.ParentId.Length == 0));
        Assert.All(trace, s => Assert.True(s == root || byId.ContainsKey(s.ParentId), $"{s.Name} has a parent that nobody sent."));
        var children = trace.Where(s => s.ParentId == root.Id).ToArray();
        foreach (string name in (string[])["forecast", "plan", "assign", "prepare", "switch", "resume"]) Assert.Contains(children, c => c.Name == name);

        // Its cause, as the command that gave the notice sent it.
        var notice = Assert.Single(spans, s => s.Name == "notice" && root.Links.Contains(s.TraceId));
        Assert.NotEqual(root.Instance, notice.Instance);

        // Transfers, at both ends: under what was prepared, from worker to worker.
        var transfers = trace.Where(s => s.Name == "transfer").ToArray();
        // One who was asked may have come too late to give anything.
        Assert.True(transfers.Sum(t => long.Parse(t.Tags["bytes"])) > 0);
        foreach (var transfer in transfers)
        {
            Assert.Contains(Ancestors(transfer), a => a.Name == "prepare");
            Assert.Equal(transfer.Instance, transfer.Tags["to"]);
            Assert.True(transfer.Tags.ContainsKey("stage"), "transfer has no stage.");
        }

        Assert.Contains(trace, s => s.Name == "transfer.serve" && byId[s.ParentId].Name == "transfer" && s.Instance == byId[s.ParentId].Tags["from"]);

        // One machine, one clock: nothing begins before what it is part of, and nothing outlasts the whole.
        foreach (var span in trace.Where(s => s != root))
        {
            Assert.True(span.Start >= byId[span.ParentId].Start - Millisecond, $"{span.Name} begins before {byId[span.ParentId].Name}.");
            Assert.True(span.End >= span.Start && span.End <= root.End + 100 * Millisecond, $"{span.Name} ends after the reconfiguration.");
        }

        long[] order = [.. ((string[])["forecast", "plan", "assign", "switch", "resume"]).Select(n => children.Single(c => c.Name == n).Start)];
        Assert.Equal(order.Order(), order);
        Assert.True(notice.Start <= children.Single(c => c.Name == "switch").Start);

        AssertMetricsAndLogs(receiver, job);

        IEnumerable<ReceivedSpan> Ancestors(ReceivedSpan span)
        {
            while (byId.TryGetValue(span.ParentId, out var parent)) yield return span = parent;
        }
    }

    private static void AssertMetricsAndLogs(OtlpReceiver receiver, string job)
    {
        var units = receiver.Metrics.Select(m => (m.Name, m.Unit)).ToHashSet();
        (string, string)[] expected =
        [
            ("parcae.training.samples", "{sample}"), ("parcae.training.step.duration", "s"), ("parcae.liveput", "{sample}/s"), ("parcae.instances.available", "{instance}"),
            ("parcae.preemptions", "{preemption}"), ("parcae.reconfiguration.duration", "s"), ("parcae.reconfiguration.pause", "s"), ("parcae.transfer.bytes", "By"),
            ("parcae.planning.duration", "s"),
        ];
        foreach (var metric in expected) Assert.Contains(metric, units);
        Assert.Contains(receiver.Metrics, m => m is { Name: "parcae.reconfiguration.duration", Exemplars: true });

        var prepared = receiver.Logs.Where(l => l.Tags.GetValueOrDefault("JobId") == job && l.Tags.ContainsKey("Generation")).ToArray();
        Assert.True(prepared.Select(l => l.Instance).Distinct().Count() >= 3, "Workers tell of their job and generation, each under its own name.");
        Assert.All(prepared, l => Assert.Contains(job, l.Body, StringComparison.Ordinal));
    }
}
