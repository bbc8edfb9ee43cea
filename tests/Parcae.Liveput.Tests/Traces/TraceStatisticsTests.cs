using Parcae.Liveput.Traces;

namespace Parcae.Liveput.Tests.Traces;

public sealed class TraceStatisticsTests
{
    [Theory]
    [InlineData("HADP", 27.48, 19, 9)]
    [InlineData("HASP", 29.63, 11, 6)]
    [InlineData("LADP", 16.82, 18, 8)]
    [InlineData("LASP", 14.63, 4, 3)]
    public void Segments_of_the_built_in_trace_have_the_published_figures(string name, double mean, int preempted, int events)
    {
        var statistics = TraceStatistics.Of(BuiltInTraces.Get(name));
        Assert.Equal(mean, statistics.MeanAvailable, 0.005);
        Assert.Equal((preempted, events), (statistics.InstancesPreempted, statistics.PreemptionEvents));
        Assert.Equal((60, 1.0), (statistics.Intervals, statistics.Hours));
    }

    [Fact]
    public void Every_figure_is_what_it_says()
    {
        // Two there before: 2, 4, 3, 3 are at risk when the intervals begin.
        var statistics = TraceStatistics.Of(new AvailabilityTrace("t", "", 1800, [new(2, 0, 4), new(1, 2, 3), new(0, 0, 3), new(0, 3, 0), new(0, 0, 0), new(0, 0, 0)]));
        Assert.Equal(
            new TraceStatistics
            {
                Intervals = 6,
                Hours = 3,
                MeanAvailable = 10.0 / 6,
                LeastAvailable = 0,
                PeakAvailable = 4,
                PreemptionEvents = 2,
                InstancesPreempted = 5,
                LargestPreemption = 3,
                InstancesAdded = 3,
                LongestQuietIntervals = 2,
                InstanceHours = 6,
                LossesPerInstanceHour = 5.0 / 6,
            },
            statistics);
    }

    [Fact]
    public void An_empty_fleet_has_no_hazard() => Assert.Equal(0, TraceStatistics.Of(new AvailabilityTrace("t", "", 60, [new(0, 0, 0)])).LossesPerInstanceHour);

    [Fact]
    public void Segments_are_found_that_are_like_the_shipped_ones()
    {
        var trace = BuiltInTraces.Get("aws-p3");
        var found = trace.WithSegments(TraceSegmentFinder.Find(trace, 60));
        Assert.Equal(["HADP", "HASP", "LADP", "LASP"], found.Segments.Keys);
        var whole = TraceStatistics.Of(trace);
        foreach (string name in found.Segments.Keys)
        {
            var (ours, shipped) = (TraceStatistics.Of(found.Segment(name)), TraceStatistics.Of(trace.Segment(name)));
            Assert.Equal(60, ours.Intervals);
            Assert.Equal(name[0] == 'H', ours.MeanAvailable > whole.MeanAvailable);
            Assert.Equal(name[2] == 'D', ours.InstancesPreempted / ours.Hours > whole.InstancesPreempted / whole.Hours);
            Assert.True(name[2] == 'D' ? ours.InstancesPreempted >= shipped.InstancesPreempted : ours.InstancesPreempted <= shipped.InstancesPreempted, $"{name}: {ours}");
        }
    }

    [Fact]
    public void A_trace_whose_windows_are_all_alike_has_no_segments()
    {
        var flat = new AvailabilityTrace("t", "", 60, [new(0, 0, 3), new(0, 0, 3), new(0, 0, 3)]);
        Assert.Empty(TraceSegmentFinder.Find(flat, 2));
        Assert.Empty(TraceSegmentFinder.Find(flat, 3));
        Assert.Empty(TraceSegmentFinder.Find(flat, 100));
    }
}
