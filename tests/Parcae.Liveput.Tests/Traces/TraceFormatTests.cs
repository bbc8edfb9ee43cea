using System.Text;
using System.Text.Json;
using CsCheck;
using Parcae.Liveput.Traces;

namespace Parcae.Liveput.Tests.Traces;

public sealed class TraceFormatTests
{
    [Fact]
    public void Our_own_format_keeps_everything()
    {
        AvailabilityTrace[] whole = [BuiltInTraces.Get("aws-p3"), NamedTraces.Resolve("zones:3"), NamedTraces.Resolve("day:3,interval-seconds=1.5")];
        foreach (var trace in whole) Same(trace, Again(trace, TraceFormat.Json));
        RandomTraces.Zoned.Sample(trace => Same(trace, Again(trace, TraceFormat.Json)));

        static void Same(AvailabilityTrace trace, AvailabilityTrace again)
        {
            Assert.Equal((trace.Name, trace.Source, trace.IntervalSeconds), (again.Name, again.Source, again.IntervalSeconds));
            Assert.Equal(trace.Intervals, again.Intervals);
            Assert.Equal(trace.Segments, again.Segments);
            Assert.Equal(trace.Zones.Keys, again.Zones.Keys);
            Assert.All(trace.Zones, z => Assert.Equal(z.Value, again.Zones[z.Key]));
        }
    }

    [Fact]
    public void Tables_keep_every_interval_and_their_length() => RandomTraces.Plain.Sample(trace =>
    {
        var again = Again(trace, TraceFormat.Csv);
        Assert.Equal(trace.Intervals, again.Intervals);
        Assert.Equal(trace.IntervalSeconds, again.IntervalSeconds);
    });

    [Theory]
    [InlineData(TraceFormat.Counts)]
    [InlineData(TraceFormat.GapJson)]
    public void Counts_keep_the_counts_and_the_length_of_an_interval(TraceFormat format) => RandomTraces.Plain.Sample(trace =>
    {
        var again = Again(trace, format);
        Assert.Equal(trace.Intervals.Select(i => i.Available), again.Intervals.Select(i => i.Available));
        Assert.Equal(trace.IntervalSeconds, again.IntervalSeconds);
    });

    [Fact]
    public void Event_lists_keep_every_interval_and_those_of_before_come_in_the_first() =>
        Gen.Select(Gen.OneOf(RandomTraces.Plain, RandomTraces.Zoned), Gen.Int[0, 5]).Sample((trace, seed) =>
        {
            if (trace.InitialAvailable == 0 && trace.Intervals.All(i => i.Added == 0)) return;
            if (trace.IntervalSeconds < 0.002) return;
            var again = TraceFile.Parse("t", Encoding.UTF8.GetBytes(TraceWriter.Text(trace, TraceFormat.Events, seed == 0 ? null : (ulong)seed)));
            Assert.Equal(trace.Intervals.Skip(1), again.Intervals.Skip(1));
            Assert.Equal((trace.Intervals[0].Added + trace.InitialAvailable, trace.Intervals[0].Removed, trace.Intervals[0].Available), (again.Intervals[0].Added, again.Intervals[0].Removed, again.Intervals[0].Available));
            Assert.Equal(trace.IntervalSeconds, again.IntervalSeconds);
        });

    [Fact]
    public void The_oldest_nodes_go_first_unless_a_seed_draws_them()
    {
        var trace = new AvailabilityTrace("t", "", 60, [new(1, 0, 4), new(0, 2, 2), new(2, 1, 3)]);
        Assert.Equal(
            "# intervals=3\n0,add,i-0001\n0,add,i-0002\n0,add,i-0003\n0,add,i-0004\n60000,remove,i-0001\n60000,remove,i-0002\n"
            + "120000,remove,i-0003\n120000,add,i-0005\n120000,add,i-0006\n",
            TraceWriter.Text(trace, TraceFormat.Events));
        Assert.Equal(TraceEvents.Of(trace, 3), TraceEvents.Of(trace, 3));
        Assert.True(Enumerable.Range(0, 20).Select(seed => string.Join(' ', TraceEvents.Of(trace, (ulong)seed).Where(e => !e.Added).Select(e => e.Node))).Distinct().Count() > 5);
    }

    [Fact]
    public void Nodes_of_zones_carry_their_zone_and_only_its_own_are_lost()
    {
        var zones = new Dictionary<string, IReadOnlyList<TraceInterval>> { ["a"] = [new(0, 0, 2), new(0, 2, 0)], ["b"] = [new(0, 0, 2), new(0, 0, 2)] };
        var events = TraceEvents.Of(AvailabilityTrace.FromZones("t", "", 60, zones), 9).ToArray();
        Assert.Equal(["a-0001", "a-0002", "b-0001", "b-0002"], events.Where(e => e.Added).Select(e => e.Node));
        Assert.Equal(["a-0001", "a-0002"], events.Where(e => !e.Added).Select(e => e.Node).Order());
    }

    [Fact]
    public void An_event_list_of_nothing_is_not_written() =>
        Assert.Contains("would be empty", Assert.Throws<ArgumentException>(() => TraceWriter.Text(new AvailabilityTrace("t", "", 60, [new(0, 0, 0)]), TraceFormat.Events)).Message, StringComparison.Ordinal);

    [Fact]
    public void Every_file_says_what_its_intervals_are_or_the_caller_does()
    {
        var options = new TraceReadOptions(IntervalSeconds: 30, EventIntervalSeconds: 0.5);
        Assert.Equal(30, Parse("3\n4\n", options).IntervalSeconds);
        Assert.Equal(10, Parse("# intervalSeconds = 10\n3\n4\n", options).IntervalSeconds);
        Assert.Equal(30, Parse("0,3,0,3\n", options).IntervalSeconds);
        Assert.Equal([new(1, 0, 1), new(0, 0, 1), new(0, 1, 0)], Parse("0,add,a\n1000,remove,a\n", options).Intervals);
        Assert.Equal(30, Parse("""{ "data": [1] }""", options).IntervalSeconds);
        Assert.Equal(5, Parse("""{ "data": [1], "metadata": { "gap_seconds": 5 } }""", options).IntervalSeconds);
        Assert.Throws<ArgumentException>(() => Parse("3", new TraceReadOptions(EventIntervalSeconds: -1)));
    }

    [Fact]
    public void Comments_after_the_first_row_say_nothing() => Assert.Equal(60, Parse("3\n# intervalSeconds=10\n# intervals=7\n4\n").IntervalSeconds);

    [Theory]
    [InlineData("""{ "metadata": { "gap_seconds": 600 }, "data": [2, 3, 1] }""")]
    [InlineData("""{ "data": [2, 3.0, 1], "metadata": { "zone": { "a": [1, 2, {}] }, "gap_seconds": 6e2, "since": null }, "more": [[]] }""")]
    public void Counts_with_a_gap_are_read_in_any_order_of_members(string content)
    {
        var trace = Parse(content);
        Assert.Equal([new(0, 0, 2), new(1, 0, 3), new(0, 2, 1)], trace.Intervals);
        Assert.Equal(("t", 600.0), (trace.Name, trace.IntervalSeconds));
    }

    [Fact]
    public void The_trace_in_a_plan_file_is_read_whatever_else_is_in_it()
    {
        using var stream = new MemoryStream();
        using (var json = new Utf8JsonWriter(stream))
        {
            json.WriteStartObject();
            json.WriteString("name", "a plan");
            json.WriteStartArray("intervals");
            json.WriteStringValue("not a trace's");
            json.WriteEndArray();
            json.WritePropertyName("trace");
            TraceWriter.WriteJson(json, BuiltInTraces.Get("LADP"));
            json.WriteNumber("data", 3);
            json.WriteEndObject();
        }

        var trace = TraceFile.Parse("plan.json", stream.ToArray());
        Assert.Equal("aws-p3:LADP", trace.Name);
        Assert.Equal(BuiltInTraces.Get("LADP").Intervals, trace.Intervals);
    }

    [Fact]
    public void Zones_are_read_with_or_without_the_total()
    {
        const string zones = """ "zones": { "a": [[1, 0, 1], [0, 1, 0]], "b": [[2, 0, 2], [1, 0, 3]] } """;
        var trace = Parse($"{{ {zones} }}");
        Assert.Equal([new(3, 0, 3), new(1, 1, 3)], trace.Intervals);
        Assert.Equal(trace.Intervals, Parse($$"""{ "intervals": [[3, 0, 3], [1, 1, 3]], {{zones}} }""").Intervals);
    }

    private static AvailabilityTrace Again(AvailabilityTrace trace, TraceFormat format) => Parse(TraceWriter.Text(trace, format));

    private static AvailabilityTrace Parse(string content, TraceReadOptions? options = null) => TraceFile.Parse("t.trace", Encoding.UTF8.GetBytes(content), options);
}
