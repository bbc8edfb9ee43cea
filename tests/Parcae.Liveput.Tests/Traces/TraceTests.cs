using System.Text;
using CsCheck;
using Parcae.Liveput.Traces;

namespace Parcae.Liveput.Tests.Traces;

public sealed class TraceTests
{
    [Theory]
    [InlineData("HADP", 27.4833, 19)]
    [InlineData("HASP", 29.6333, 11)]
    [InlineData("LADP", 16.8167, 18)]
    [InlineData("LASP", 14.6333, 4)]
    public void Segments_of_the_built_in_trace_have_the_published_means(string name, double mean, int removed)
    {
        var segment = BuiltInTraces.Get(name);
        Assert.Equal($"aws-p3:{name}", segment.Name);
        Assert.Equal(60, segment.Intervals.Count);
        Assert.Equal(mean, segment.MeanAvailable, 1e-4);
        Assert.Equal(removed, segment.Intervals.Sum(i => i.Removed));
    }

    [Fact]
    public void The_built_in_trace_is_whole()
    {
        var trace = BuiltInTraces.Get("aws-p3");
        Assert.Equal((683, 10, 32, 0), (trace.Intervals.Count, trace.Least, trace.Peak, trace.InitialAvailable));
        Assert.Equal(24.0, trace.MeanAvailable, 0.05);
        Assert.Contains("NSDI '24", trace.Source, StringComparison.Ordinal);
        Assert.Equal(["aws-p3", "aws-p3:HADP", "aws-p3:HASP", "aws-p3:LADP", "aws-p3:LASP"], BuiltInTraces.Names);
        Assert.Same(trace, BuiltInTraces.Get("AWS-P3"));
        Assert.Equal(BuiltInTraces.Get("LADP").Intervals, BuiltInTraces.Get("aws-p3:ladp").Intervals);
    }

    [Fact]
    public void An_unknown_name_lists_the_known_ones()
    {
        Assert.Null(BuiltInTraces.TryGet("gcp"));
        Assert.Contains("aws-p3:LADP", Assert.Throws<ArgumentException>(() => BuiltInTraces.Get("gcp")).Message, StringComparison.Ordinal);
        Assert.Contains("HADP", Assert.Throws<ArgumentException>(() => BuiltInTraces.Get("aws-p3").Segment("X")).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void LADP_on_six_instances_moves_between_three_and_six()
    {
        var scaled = BuiltInTraces.Get("LADP").ScaleTo(6);
        Assert.Equal((6, 3), (scaled.Peak, scaled.Least));
        Assert.Equal(5, scaled.InitialAvailable);
        Assert.Equal(BuiltInTraces.Get("LADP").Intervals.Select(i => (int)Math.Floor((i.Available * 6 / 24.0) + 0.5)), scaled.Intervals.Select(i => i.Available));
        Assert.True(scaled.Intervals.Sum(i => i.Removed) >= 3);
        Assert.True(scaled.Intervals.Sum(i => i.Added) >= 2);
    }

    [Fact]
    public void Every_scale_keeps_counts_and_churn_consistent() =>
        Gen.Select(Gen.Select(Gen.Int[0, 9], Gen.Int[0, 9]).Array[1, 30], Gen.Int[1, 40]).Sample((steps, peak) =>
        {
            var intervals = new List<TraceInterval>();
            int count = 5;
            foreach (var (added, wanted) in steps)
            {
                int removed = Math.Min(wanted, count + added);
                count += added - removed;
                intervals.Add(new TraceInterval(added, removed, count));
            }

            // The constructor refuses what does not follow from the interval before.
            var trace = new AvailabilityTrace("t", "", 60, intervals);
            var scaled = trace.ScaleTo(peak);
            Assert.Equal(trace.Peak == 0 ? 0 : peak, scaled.Peak);
            Assert.Equal(trace.Intervals.Select(i => i.Available == 0), scaled.Intervals.Select(i => i.Available == 0));
        });

    [Fact]
    public void Scaling_to_the_own_peak_changes_nothing()
    {
        var trace = BuiltInTraces.Get("aws-p3");
        Assert.Equal(trace.Intervals, trace.ScaleTo(32).Intervals);
    }

    [Fact]
    public void A_slice_keeps_the_segments_inside_it()
    {
        var slice = BuiltInTraces.Get("aws-p3").Slice(300, 400);
        Assert.Equal(new TraceSegment(30, 90), Assert.Single(slice.Segments).Value);
        Assert.Equal(BuiltInTraces.Get("HADP").Intervals, slice.Segment("hadp").Intervals);
        Assert.Throws<ArgumentOutOfRangeException>(() => slice.Slice(5, 5));
        Assert.Throws<ArgumentOutOfRangeException>(() => slice.Slice(0, 101));
    }

    [Fact]
    public void Our_own_format_is_read()
    {
        var trace = Parse("""
            { "name": "n", "source": "s", "intervalSeconds": 30, // half a minute
              "segments": { "A": [1, 3] },
              "intervals": [[2, 0, 5], [0, 1, 4], [1, 1, 4]] }
            """);
        Assert.Equal(("n", "s", 30.0, 3), (trace.Name, trace.Source, trace.IntervalSeconds, trace.InitialAvailable));
        Assert.Equal([new(2, 0, 5), new(0, 1, 4), new(1, 1, 4)], trace.Intervals);
        Assert.Equal(2, trace.Segment("A").Intervals.Count);
    }

    [Fact]
    public void Counts_a_line_are_read()
    {
        var trace = Parse("# counts\n3\n\n5\r\n4\n");
        Assert.Equal([new(0, 0, 3), new(2, 0, 5), new(0, 1, 4)], trace.Intervals);
        Assert.Equal(("t", 60.0), (trace.Name, trace.IntervalSeconds));
    }

    [Theory]
    [InlineData("minute,added,removed,available\n0,3,0,3\n1,1,2,2\n")]
    [InlineData("0,3,0,3\n1, 1, 2, 2")]
    [InlineData("\uFEFF0,3,0,3\n1,1,2,2")]
    public void Minute_tables_are_read(string content) => Assert.Equal([new(3, 0, 3), new(1, 2, 2)], Parse(content).Intervals);

    [Fact]
    public void Event_lists_are_cut_into_minutes() =>
        Assert.Equal(
            [new(2, 0, 2), new(0, 0, 2), new(1, 1, 2)],
            Parse("0,add,a\n59999,add,b\n120000,remove,a\n121000,ADD,a\n").Intervals);

    [Fact]
    public void A_file_is_loaded_by_its_path()
    {
        string path = Path.GetTempFileName();
        try
        {
            File.WriteAllText(path, "1\n2\n");
            Assert.Equal(2, TraceFile.Load(path).Peak);
        }
        finally
        {
            File.Delete(path);
        }
    }

    private static AvailabilityTrace Parse(string content) => TraceFile.Parse("t.trace", Encoding.UTF8.GetBytes(content));
}
