using System.Text.Json;

using Parcae.Cli.Traces;
using Parcae.Liveput.Traces;

namespace Parcae.Client.Tests.Traces;

public sealed class TraceCommandTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("parcae-test-").FullName;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public async Task Inspect_shows_figures_of_the_whole_its_segments_and_what_it_found_under_a_picture()
    {
        var (code, output, error) = await CommandRun.RunAsync("trace inspect aws-p3");
        Assert.Equal((0, ""), (code, error));
        Assert.StartsWith("aws-p3: 683 intervals of 60 s, 11.38 h", output, StringComparison.Ordinal);
        Assert.Contains("    32┤", output, StringComparison.Ordinal);
        string hadp = output.Split('\n').First(l => l.TrimStart().StartsWith("HADP", StringComparison.Ordinal));
        Assert.Equal(["HADP", "330-390", "27.48", "20", "32", "19", "9"], hadp.Split(' ', StringSplitOptions.RemoveEmptyEntries).Take(7));
        Assert.Contains("found LASP", output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Inspect_prints_one_JSON_document()
    {
        var (code, output, error) = await CommandRun.RunAsync("trace inspect zones:3 --from 60 --to 180 --window 30 --json");
        Assert.Equal((0, ""), (code, error));
        using var json = JsonDocument.Parse(output);
        Assert.Equal(120, json.RootElement.GetProperty("total").GetProperty("intervals").GetInt32());
        Assert.Equal(3, json.RootElement.GetProperty("zones").EnumerateObject().Count());
    }

    [Theory]
    [InlineData("svg")]
    [InlineData("png")]
    public async Task Inspect_draws_the_part_into_a_file(string kind)
    {
        string file = Path.Combine(_folder, $"trace.{kind}");
        var (code, _, error) = await CommandRun.RunAsync($"trace inspect aws-p3 --from 60 --to 180 --plot {file}");
        Assert.Equal((0, ""), (code, error));
        string content = await File.ReadAllTextAsync(file, TestContext.Current.CancellationToken);
        if (kind == "svg") Assert.All((string[])["120 intervals", ">HASP<", ">180<"], text => Assert.Contains(text, content, StringComparison.Ordinal));
        else Assert.Contains("PNG", content[..8], StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_picture_that_cannot_be_written_is_refused_before_anything_is_read()
    {
        var (code, output, error) = await CommandRun.RunAsync("trace inspect nowhere.csv --plot /no/such/folder/t.png");
        Assert.Equal((2, ""), (code, output));
        Assert.Contains("--plot: the folder '/no/such/folder' does not exist", error, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("counts")]
    [InlineData("csv")]
    [InlineData("events")]
    [InlineData("gap-json")]
    [InlineData("json")]
    public async Task Convert_writes_what_every_verb_reads(string format)
    {
        string file = Path.Combine(_folder, "out.txt");
        var (code, output, error) = await CommandRun.RunAsync($"trace convert LADP {file} --format {format}");
        Assert.Equal((0, ""), (code, error));
        Assert.Equal($"{file}: aws-p3:LADP as {format}, 60 intervals of 60 s, 11 to 24 instances\n", output);
        Assert.Equal(BuiltInTraces.Get("LADP").Intervals.Select(i => i.Available), NamedTraces.Resolve(file).Intervals.Select(i => i.Available));
    }

    [Fact]
    public async Task Convert_cuts_zone_part_interval_and_size_in_this_order()
    {
        string file = Path.Combine(_folder, "out.json");
        var (code, output, _) = await CommandRun.RunAsync($"trace convert zones:7 {file} --zone zone-b --from 30 --to 90 --interval 2m --scale 5 --json");
        Assert.Equal(0, code);
        var trace = TraceFile.Load(file);
        Assert.Equal(NamedTraces.Resolve("zones:7").Zone("zone-b").Slice(30, 90).Resample(120).ScaleTo(5).Intervals, trace.Intervals);
        using var json = JsonDocument.Parse(output);
        Assert.Equal(("json", 30, 120), (json.RootElement.GetProperty("format").GetString(), json.RootElement.GetProperty("intervals").GetInt32(), json.RootElement.GetProperty("intervalSeconds").GetInt32()));
    }

    [Fact]
    public async Task Convert_cuts_the_trace_of_a_plan_file_into_an_event_list_on_standard_output()
    {
        string plan = Path.Combine(_folder, "plan.json");
        await File.WriteAllTextAsync(plan, """{ "steps": [[1, 2]], "trace": { "intervals": [[2, 0, 2], [0, 1, 1], [2, 0, 3], [0, 2, 1]] } }""");
        var (code, output, error) = await CommandRun.RunAsync($"trace convert {plan} - --format events --from 1 --to 3");
        Assert.Equal((0, ""), (code, error));
        Assert.Equal("# intervals=2\n0,add,i-0001\n0,add,i-0002\n0,remove,i-0001\n60000,add,i-0003\n60000,add,i-0004\n", output);
        var draws = new HashSet<string>();
        for (int seed = 0; seed < 8; seed++) draws.Add((await CommandRun.RunAsync($"trace convert HADP - --format events --seed {seed}")).Output);
        Assert.Equal(8, draws.Count);
    }

    [Fact]
    public async Task Events_are_cut_into_the_interval_that_is_asked_for_and_counts_keep_the_one_they_were_made_at()
    {
        string events = Path.Combine(_folder, "events.csv"), counts = Path.Combine(_folder, "counts.txt");
        await File.WriteAllTextAsync(events, "0,add,a\n20000,add,b\n40000,remove,a\n");
        Assert.Equal("# intervalSeconds=20\n1\n2\n1\n", (await CommandRun.RunAsync($"trace convert {events} - --format counts --interval 20")).Output);
        await File.WriteAllTextAsync(counts, "1\n2\n3\n4\n");
        Assert.Equal("2\n4\n", (await CommandRun.RunAsync($"trace convert {counts} - --format counts --every 30 --interval 60")).Output);
    }

    [Fact]
    public async Task Generate_makes_the_trace_that_its_name_means_wherever_a_trace_is_asked_for()
    {
        string file = Path.Combine(_folder, "bursts.json");
        var (code, output, error) = await CommandRun.RunAsync($"trace generate bursts --seed 7 --capacity 64 --hold-minutes 2.5 --out {file}");
        Assert.Equal((0, ""), (code, error));
        Assert.StartsWith($"{file}: bursts:7,capacity=64,hold-minutes=2.5 as json, 480 intervals", output, StringComparison.Ordinal);
        Assert.Equal(TraceSource.Load("bursts:7,capacity=64,hold-minutes=2.5").Intervals, TraceSource.Load(file).Intervals);
        Assert.Equal(File.ReadAllText(file), (await CommandRun.RunAsync("trace generate bursts --seed 7 --capacity 64 --hold-minutes 2.5")).Output);
    }

    [Theory]
    [InlineData("trace", "a verb is missing after 'parcae trace'; it must be one of inspect, convert, generate.")]
    [InlineData("trace generate tides", "'tides' is not a verb of 'parcae trace generate'; it must be one of poisson, bursts, zones, day, selfexciting, shifting.")]
    [InlineData("trace inspect nowhere.csv", "trace: 'nowhere.csv' is neither a built-in trace nor a file; built in are aws-p3")]
    [InlineData("trace inspect bursts:7,colour=3", "trace: 'bursts:7,colour=3': 'colour' is not a parameter of bursts; it must be one of")]
    [InlineData("trace inspect LADP --from 60", "--from: 60 is not valid; it must be under 60, where the part ends.")]
    [InlineData("trace inspect LADP --from 20 --to 10", "--from: 20 is not valid; it must be under 10, where the part ends.")]
    [InlineData("trace inspect LADP --to 61", "--to: 61 is not valid; trace aws-p3:LADP has 60 minutes.")]
    [InlineData("trace inspect LADP --window 0", "--window: '0' is not valid; it must be a whole number from 1 to 1000000.")]
    [InlineData("trace convert LADP out.bin", "--format: nothing says how to write 'out.bin'; it must be one of counts, csv, events, gap-json, json.")]
    [InlineData("trace convert LADP out.csv --format xml", "--format: 'xml' is not valid; it must be one of counts, csv, events, gap-json, json.")]
    [InlineData("trace convert LADP - --json", "--json: the trace itself goes to standard output; name a file for it.")]
    [InlineData("trace convert LADP - --zone a", "--zone: 'a' is not a zone of aws-p3:LADP; it has none.")]
    [InlineData("trace convert zones:1 - --zone a", "--zone: 'a' is not a zone of zones:1; it must be one of zone-a, zone-b, zone-c.")]
    [InlineData("trace convert day:1,intervals=1000000 - --interval 1", "--interval: A trace has at most 10000000 intervals in all its zones; with 1 s this one would have 60000000.")]
    [InlineData("trace convert LADP - --interval 0", "--interval: '0' is not valid; it must be seconds from 0.001 to 31536000, like 3, 3s, 500ms or 2m.")]
    [InlineData("trace generate bursts --least-share 0.9", "--least-share is 0.9; it must be at most most-share, which is 0.5.")]
    [InlineData("trace generate bursts --capacity 0", "--capacity: '0' is not valid; it must be a whole number from 1 to 100000.")]
    public async Task Wrong_usage_says_what_was_wrong_and_exits_with_2(string line, string message)
    {
        var (code, output, error) = await CommandRun.RunAsync(line);
        Assert.Equal((2, ""), (code, output));
        Assert.Contains(message, error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task What_cannot_be_written_is_a_failure()
    {
        string nothing = Path.Combine(_folder, "nothing.txt");
        await File.WriteAllTextAsync(nothing, "0\n");
        var (code, _, error) = await CommandRun.RunAsync($"trace convert {nothing} - --format events");
        Assert.Equal(1, code);
        Assert.Contains("Trace nothing never has an instance; an event list of it would be empty.", error, StringComparison.Ordinal);
        (code, _, error) = await CommandRun.RunAsync($"trace convert LADP {_folder}/no/such/folder.json");
        Assert.Equal(1, code);
        Assert.Contains("folder.json' cannot be written", error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Help_has_examples()
    {
        foreach (string verb in (string[])["inspect", "convert", "generate"])
            Assert.Contains($"parcae trace {verb}", (await CommandRun.RunAsync($"trace {verb} --help")).Output, StringComparison.Ordinal);
    }

    [Fact]
    public void A_picture_has_the_peak_at_its_top_and_the_losses_below()
    {
        var trace = new AvailabilityTrace("t", "", 60, [new(4, 0, 4), new(0, 0, 4), new(0, 2, 2), new(0, 2, 0)]);
        Assert.Equal(
            [
                "     4┤████████",
                "      ┤████████████",
                "     0└────────────────",
                "       0          4 min",
                "  lost         2   2",
            ],
            TraceChart.Lines(trace, 30, 2));
        Assert.All(TraceChart.Lines(BuiltInTraces.Get("aws-p3"), 80), l => Assert.InRange(l.Length, 5, 80));
        Assert.Equal(3, TraceChart.Lines(new AvailabilityTrace("t", "", 60, [new(0, 0, 0)]), 80, 1).Count);
    }
}
