using CsCheck;
using Parcae.Liveput.Traces;

namespace Parcae.Liveput.Tests.Traces;

public sealed class ZoneTests
{
    [Fact]
    public void A_trace_of_zones_is_their_sum_and_a_zone_is_a_trace()
    {
        var trace = Two();
        Assert.Equal([new(5, 0, 5), new(1, 2, 4), new(0, 4, 0)], trace.Intervals);
        Assert.Equal(["a", "b"], trace.Zones.Keys);
        var b = trace.Zone("B");
        Assert.Equal(("t/b", 60.0, 1), (b.Name, b.IntervalSeconds, b.Segments.Count));
        Assert.Equal(trace.Zones["b"], b.Intervals);
        Assert.Empty(b.Zones);
    }

    [Fact]
    public void Zones_that_do_not_fit_are_refused()
    {
        Assert.Contains("expected the sum of the zones in interval 0, [1, 0, 1], found [2, 0, 2]", Refusal([new(2, 0, 2)], ("a", [new(1, 0, 1)])), StringComparison.Ordinal);
        Assert.Contains("Zone a has 1 intervals; it must have 2", Refusal([new(1, 0, 1), new(0, 0, 1)], ("a", [new(1, 0, 1)])), StringComparison.Ordinal);
        Assert.Contains("Zone a, interval 0", Refusal([new(1, 0, 1)], ("a", [new(-1, 0, 1)])), StringComparison.Ordinal);
        Assert.Contains("no space and no comma", Refusal([new(1, 0, 1)], ("a b", [new(1, 0, 1)])), StringComparison.Ordinal);
        Assert.Contains("Trace t has no zone c; it has a, b.", Assert.Throws<ArgumentException>(() => Two().Zone("c")).Message, StringComparison.Ordinal);
        Assert.Throws<ArgumentException>(() => AvailabilityTrace.FromZones("t", "", 60, new Dictionary<string, IReadOnlyList<TraceInterval>>()));

        static string Refusal(TraceInterval[] total, (string Name, TraceInterval[] Intervals) zone) => Assert.Throws<ArgumentException>(
            () => new AvailabilityTrace("t", "", 60, total, null, new Dictionary<string, IReadOnlyList<TraceInterval>> { [zone.Name] = zone.Intervals })).Message;
    }

    [Fact]
    public void Cuts_segments_and_other_intervals_keep_the_zones()
    {
        var trace = Two();
        Assert.Equal([new(0, 1, 2), new(0, 2, 0)], trace.Slice(1, 3).Zones["a"]);
        Assert.Equal([new(1, 1, 2)], trace.Segment("middle").Zones["b"]);
        Assert.Equal([new(3, 1, 2), new(0, 2, 0)], trace.Resample(120).Zones["a"]);
        Assert.Equal(2, trace.WithSegments(new Dictionary<string, TraceSegment>()).WithName("other").Zones.Count);
    }

    [Fact]
    public void A_scaled_trace_of_zones_still_adds_up_and_has_the_counts_of_the_scaled_whole() =>
        Gen.Select(RandomTraces.Zoned, Gen.Int[1, 60]).Sample((trace, peak) =>
        {
            // The constructor refuses zones that do not add up.
            var scaled = trace.ScaleTo(peak);
            var whole = new AvailabilityTrace("t", "", 60, trace.Intervals).ScaleTo(peak);
            Assert.Equal(whole.Intervals.Select(i => i.Available), scaled.Intervals.Select(i => i.Available));
            foreach (var (name, zone) in scaled.Zones)
            {
                double factor = (double)peak / Math.Max(1, trace.Peak);
                Assert.All(zone.Zip(trace.Zones[name]), z => Assert.InRange(z.First.Available, Math.Floor(z.Second.Available * factor), Math.Ceiling(z.Second.Available * factor)));
            }
        });

    [Fact]
    public void Scaling_moves_no_instance_of_a_zone_where_nothing_happened()
    {
        // 3 zones of 5, 5 and 4 shown as 7: the odd one stays where it is while another zone fails.
        var zones = new Dictionary<string, IReadOnlyList<TraceInterval>>
        {
            ["a"] = [new(0, 0, 5), new(0, 0, 5), new(0, 0, 5)],
            ["b"] = [new(0, 0, 5), new(0, 0, 5), new(0, 0, 5)],
            ["c"] = [new(0, 0, 4), new(0, 4, 0), new(4, 0, 4)],
        };
        var scaled = AvailabilityTrace.FromZones("t", "", 60, zones).ScaleTo(7);
        Assert.Equal([7, 5, 7], scaled.Intervals.Select(i => i.Available));
        Assert.All(scaled.Zones["a"].Concat(scaled.Zones["b"]), i => Assert.Equal((0, 0), (i.Added, i.Removed)));
    }

    private static AvailabilityTrace Two() => AvailabilityTrace.FromZones(
        "t", "s", 60,
        new Dictionary<string, IReadOnlyList<TraceInterval>>
        {
            ["b"] = [new(2, 0, 2), new(1, 1, 2), new(0, 2, 0)],
            ["a"] = [new(3, 0, 3), new(0, 1, 2), new(0, 2, 0)],
        },
        new Dictionary<string, TraceSegment> { ["middle"] = new(1, 2) });
}
