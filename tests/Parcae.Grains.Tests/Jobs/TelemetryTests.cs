using System.Collections.Concurrent;
using System.Diagnostics;
using Parcae.Grains.Telemetry;
using Parcae.Grains.Tests.Support;

namespace Parcae.Grains.Tests.Jobs;

public sealed class TelemetryTests(ParcaeCluster cluster)
{
    [Fact]
    public async Task A_reconfiguration_is_one_trace_linked_to_its_cause()
    {
        var world = cluster.World();
        var spans = new ConcurrentQueue<Activity>();
        using var listener = new ActivityListener
        {
            ShouldListenTo = _ => true,
            Sample = (ref ActivityCreationOptions<ActivityContext> _) => ActivitySamplingResult.AllDataAndRecorded,
            ActivityStopped = a =>
            {
                if (a.Source.Name == ParcaeTelemetry.Name) spans.Enqueue(a);
            },
        };
        ActivitySource.AddActivityListener(listener);
        await world.Join("1", "2", "3");
        await world.Job.Submit(world.Spec("2:1x2"));
        await world.Trains(_ => true);
        await world.Train(1);

        string leaver = world.Plan.At(0, 1).Peer.InstanceId;
        ActivityTraceId notice;
        using (var activity = new Activity("notice").SetIdFormat(ActivityIdFormat.W3C).Start())
        {
            activity.ActivityTraceFlags |= ActivityTraceFlags.Recorded;
            notice = activity.TraceId;
            await world.Fleet.Notice(leaver, TimeSpan.FromMinutes(2), "test");
        }

        var record = await world.Trains(r => r.Number > 1);
        await world.Train(1);
        await cluster.Settled(world);
        var root = spans.Single(s => s.OperationName == "reconfigure" && (string?)s.GetTagItem("job") == world.Name && (int?)s.GetTagItem("generation") == record.Number);
        Assert.Equal((default(ActivitySpanId), "InterStage", $"{leaver} leaves (notice)"), (root.ParentSpanId, root.GetTagItem("kind"), root.GetTagItem("cause")));
        Assert.Contains(root.Links, l => l.Context.TraceId == notice);
        Assert.Equal(
            ["assign", "forecast", "plan", "prepare", "prepare", "resume", "switch"],
            spans.Where(s => s.TraceId == root.TraceId && s.ParentSpanId == root.SpanId).Select(s => s.OperationName).Order(StringComparer.Ordinal));
    }
}
