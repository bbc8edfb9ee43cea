using CsCheck;
using Parcae.Liveput.Traces;

namespace Parcae.Liveput.Tests.Traces;

public sealed class ResampleTests
{
    private static readonly AvailabilityTrace Trace =
        new("t", "", 60, [new(3, 0, 3), new(1, 2, 2), new(0, 0, 2), new(2, 1, 3), new(0, 3, 0)], new Dictionary<string, TraceSegment> { ["S"] = new(1, 4) });

    [Fact]
    public void A_coarser_trace_sums_what_came_and_went()
    {
        var coarse = Trace.Resample(120);
        Assert.Equal([new(4, 2, 2), new(2, 1, 3), new(0, 3, 0)], coarse.Intervals);
        Assert.Equal((120.0, new TraceSegment(0, 2)), (coarse.IntervalSeconds, coarse.Segments["S"]));
        Assert.Equal([new(6, 6, 0)], Trace.Resample(3600).Intervals);
    }

    [Fact]
    public void A_finer_trace_moves_first_and_then_rests()
    {
        var fine = Trace.Resample(20);
        Assert.Equal(15, fine.Intervals.Count);
        Assert.Equal([new(3, 0, 3), new(0, 0, 3), new(0, 0, 3), new(1, 2, 2)], fine.Intervals.Take(4));
        Assert.Equal(new TraceSegment(3, 12), fine.Segments["S"]);
    }

    [Fact]
    public void Lengths_that_do_not_divide_each_other_put_every_interval_where_it_begins() =>
        // 0, 60 | 120 | 180, 240 in intervals of 90 s, of which the last is not full.
        Assert.Equal([new(4, 2, 2), new(0, 0, 2), new(2, 4, 0), new(0, 0, 0)], Trace.Resample(90).Intervals);

    [Fact]
    public void Nothing_is_lost_and_made_coarse_again_a_finer_trace_is_the_same() =>
        Gen.Select(RandomTraces.Plain, Gen.Int[1, 7], Gen.Double[0.01, 500]).Sample((trace, parts, seconds) =>
        {
            if (trace.IntervalSeconds / parts >= 0.001)
            {
                var again = trace.Resample(trace.IntervalSeconds / parts).Resample(trace.IntervalSeconds);
                Assert.Equal(trace.Intervals, again.Intervals);
            }

            if (trace.Intervals.Count * trace.IntervalSeconds / seconds > 10_000) return;
            var other = trace.Resample(seconds);
            Assert.Equal((trace.Intervals.Sum(i => i.Added), trace.Intervals.Sum(i => i.Removed)), (other.Intervals.Sum(i => i.Added), other.Intervals.Sum(i => i.Removed)));
            Assert.Equal(trace.InitialAvailable, other.InitialAvailable);
            Assert.Equal(trace.Intervals[^1].Available, other.Intervals[^1].Available);
        });

    [Fact]
    public void What_cannot_be_is_refused()
    {
        Assert.Throws<ArgumentOutOfRangeException>(() => Trace.Resample(0));
        Assert.Throws<ArgumentOutOfRangeException>(() => Trace.Resample(double.NaN));
        Assert.Contains("at most 10000000 intervals", Assert.Throws<ArgumentException>(() => Trace.Resample(0.001).Resample(86400).Resample(0.001)).Message, StringComparison.Ordinal);
        TraceInterval busy = new(700_000, 700_000, 0);
        Assert.Contains("at most 1000000", Assert.Throws<ArgumentException>(() => new AvailabilityTrace("t", "", 60, [busy, busy]).Resample(120)).Message, StringComparison.Ordinal);
    }
}
