using CsCheck;
using Parcae.Liveput.Traces;
using Parcae.Liveput.Traces.Synthetic;

namespace Parcae.Liveput.Tests.Traces.Synthetic;

public sealed class SyntheticTraceTests
{
    public static TheoryData<string> Kinds => [.. SyntheticSpec.Kinds.Select(k => k.Kind)];

    [Theory]
    [MemberData(nameof(Kinds))]
    public void The_same_seed_gives_the_same_trace_and_another_seed_another(string kind)
    {
        var trace = SyntheticTrace.Generate($"{kind}:7");
        Assert.Equal(trace.Intervals, SyntheticTrace.Generate($"{kind}:7").Intervals);
        Assert.NotEqual(trace.Intervals, SyntheticTrace.Generate($"{kind}:8").Intervals);
        Assert.Equal($"{kind}:7", trace.Name);
        Assert.InRange(trace.Peak, 1, 32);
    }

    // Recorded once: a change of these figures is a change of what a seed means, for everyone who noted one down.
    [Theory]
    [InlineData("poisson:7", "24 22 20 25 30 29 31 29 24 27 25 24", 25.3375)]
    [InlineData("bursts:7", "32 32 21 26 30 12 29 26 29 32 32 27", 26.46875)]
    [InlineData("zones:7", "32 30 31 32 32 32 20 30 31 31 32 32", 30.664583)]
    [InlineData("day:7", "32 31 31 30 30 29 27 26 23 22 21 19", 22.034028)]
    [InlineData("selfexciting:7", "32 29 25 31 31 23 29 28 30 31 32 28", 29.095833)]
    [InlineData("shifting:7", "32 31 31 31 31 27 26 11 20 20 19 20", 23.88125)]
    public void A_seed_means_the_same_trace_for_ever(string spec, string first, double mean)
    {
        var trace = SyntheticTrace.Generate(spec);
        Assert.Equal(first, string.Join(' ', trace.Intervals.Where((_, i) => i % 40 == 0).Select(i => i.Available).Take(12)));
        Assert.Equal(mean, trace.MeanAvailable, 1e-3);
    }

    [Fact]
    public void The_generator_is_the_published_one()
    {
        // SplitMix64 from 1234567, as its author's reference program prints it.
        var random = new SyntheticRandom(1234567);
        Assert.Equal([6457827717110365317, 3203168211198807973, 9817491932198370423], (ulong[])[random.Next(), random.Next(), random.Next()]);
        for (double x = 0; x <= 64; x += 0.37) Assert.Equal(1, SyntheticRandom.ExpOfMinus(x) / Math.Exp(-x), 1e-12);
    }

    [Theory]
    [InlineData(0.02)]
    [InlineData(3)]
    [InlineData(40)]
    [InlineData(64.5)]
    [InlineData(5000)]
    public void Poisson_draws_have_the_mean_and_variance_that_they_should(double mean)
    {
        var random = new SyntheticRandom(3);
        const int draws = 20_000;
        double[] drawn = [.. Enumerable.Range(0, draws).Select(_ => (double)random.Poisson(mean))];
        double found = drawn.Average(), variance = drawn.Average(d => (d - found) * (d - found));
        Assert.Equal(mean, found, 5 * Math.Sqrt(mean / draws));
        Assert.Equal(1, variance / mean, mean < 0.1 ? 0.2 : 0.06);
    }

    [Fact]
    public void Poisson_traces_stay_around_their_target()
    {
        var trace = SyntheticTrace.Generate(new PoissonOptions { Intervals = 100_000, Capacity = 1000, Target = 0.5, LossesPerHour = 2 }, 5);
        Assert.Equal(500, trace.MeanAvailable, 10.0);
        double hours = trace.Intervals.Count / 60.0;
        Assert.Equal(2, trace.Intervals.Sum(i => (long)i.Removed) / (hours * trace.MeanAvailable), 0.05);
    }

    [Fact]
    public void Bursts_take_a_share_at_once_and_recover_after_a_hold()
    {
        var options = new BurstOptions { Intervals = 10_000, Capacity = 100, LeastShare = 0.2, MostShare = 0.4, HoldMinutes = 4 };
        var intervals = SyntheticTrace.Generate(options, 2).Intervals;
        Assert.Equal(options.BurstsPerHour * intervals.Count / 60, intervals.Count(i => i.Removed > 0), 50.0);
        for (int i = 1; i < intervals.Count; i++)
        {
            if (intervals[i].Removed == 0) continue;
            Assert.InRange((double)intervals[i].Removed / intervals[i - 1].Available, 0.2, 0.4 + (1.0 / intervals[i - 1].Available));
            for (int j = i; j < Math.Min(i + 5, intervals.Count); j++) Assert.Equal(0, intervals[j].Added);
        }

        Assert.Contains(intervals.Skip(1), i => i.Available == 100);
    }

    [Fact]
    public void Zones_fail_alone_and_add_up()
    {
        var trace = SyntheticTrace.Generate(new ZoneOutageOptions { Intervals = 5000, Capacity = 32, Zones = 5, LossesPerHour = 0 }, 4);
        Assert.Equal(["zone-a", "zone-b", "zone-c", "zone-d", "zone-e"], trace.Zones.Keys);
        Assert.Equal([7, 7, 6, 6, 6], trace.Zones.Values.Select(z => z[0].Available));
        foreach (var zone in trace.Zones.Values)
        {
            // Without losses of its own a zone only ever loses all that it has.
            Assert.Contains(zone, i => i.Removed > 0);
            Assert.All(zone, i => Assert.True(i.Removed == 0 || i.Available == 0));
        }

        Assert.Contains(trace.Intervals, i => i.Removed > 0 && i.Available > 0);
    }

    [Fact]
    public void A_day_has_its_high_and_its_low()
    {
        var trace = SyntheticTrace.Generate(new DayRhythmOptions { Capacity = 100, Least = 0.3, LossesPerHour = 0 }, 1);
        Assert.Equal(1440, trace.Intervals.Count);
        Assert.Equal(100, trace.Intervals[0].Available);
        Assert.Equal(30, trace.Least);
        Assert.Equal(30, trace.Intervals[720].Available);
        Assert.InRange(trace.Intervals[^1].Available, 95, 100);
        Assert.InRange(trace.Intervals[360].Available, 62, 68);
    }

    [Fact]
    public void Losses_draw_others_as_many_as_they_should_and_soon_after()
    {
        // Whatever is lost is back at once, so that only the losses count.
        var options = new SelfExcitingOptions { Intervals = 200_000, Capacity = 1000, LossesPerHour = 0.02, Offspring = 0.6, MemoryMinutes = 3, RecoveryMinutes = 0.1 };
        double[] windows = [.. SyntheticTrace.Generate(options, 5).Intervals.Chunk(200).Select(w => (double)w.Sum(i => i.Removed))];
        double mean = windows.Average(), variance = windows.Average(w => (w - mean) * (w - mean));
        Assert.Equal(1000 * 0.02 / 60 * 200 / (1 - 0.6), mean, 0.05 * mean);

        // Of independent losses the variance is the mean; of a branching process it is 1 / (1 - offspring)^2 as much.
        Assert.InRange(variance / mean, 4.5, 7.5);
        Assert.Equal(0, SyntheticTrace.Generate(options with { LossesPerHour = 0 }, 5).Intervals.Sum(i => i.Removed));
    }

    [Fact]
    public void A_level_holds_until_the_next_jump()
    {
        var options = new ShiftingOptions { Intervals = 20_000, Capacity = 100, ShiftsPerHour = 2, Least = 0.4, RecoveryMinutes = 0.1, LossesPerHour = 0 };
        var trace = SyntheticTrace.Generate(options, 3);
        Assert.Equal(100, trace.Intervals[0].Available);
        Assert.InRange(trace.Least, 40, 45);
        Assert.Equal(70, trace.MeanAvailable, 2.0);

        // A jump down takes an interval; one up is filled within a few.
        int down = trace.Intervals.Count(i => i.Removed > 0);
        Assert.Equal(20_000 / 60.0, down, 60.0);
        Assert.InRange(trace.Intervals.Skip(1).Count(i => i.Added > 0), 200, 700);
    }

    [Fact]
    public void Every_sensible_option_gives_a_consistent_trace_within_its_capacity() =>
        Gen.Select(Gen.Int[0, SyntheticSpec.Kinds.Count - 1], Gen.Int[1, 300], Gen.Int[1, 100], Gen.Double[1, 7200], Gen.ULong).Sample((kind, intervals, capacity, seconds, seed) =>
        {
            var options = SyntheticSpec.Kinds[kind] with { Intervals = intervals, Capacity = capacity, IntervalSeconds = seconds };
            if (options is ZoneOutageOptions zones) options = zones with { Zones = Math.Min(3, capacity) };
            var trace = SyntheticTrace.Generate(options, seed);
            Assert.Equal(intervals, trace.Intervals.Count);
            Assert.InRange(trace.Peak, 0, capacity);
            Assert.Equal(trace.Intervals, SyntheticTrace.Generate(trace.Name).Intervals);
        });

    [Fact]
    public void The_name_says_what_differs_from_the_defaults() =>
        Assert.Equal("bursts:9,intervals=100,capacity=64,hold-minutes=2.5", SyntheticTrace.Generate(" BURSTS:9, Hold-Minutes=2.50, capacity=64, intervals=100".Trim()).Name);

    [Theory]
    [InlineData("bursts", "bursts:1")]
    [InlineData("bursts:0", "bursts:0")]
    [InlineData("day,capacity=8", "day:1,capacity=8")]
    [InlineData("zones:18446744073709551615,zones=2", "zones:18446744073709551615,zones=2")]
    public void What_is_left_out_has_its_default(string spec, string name) => Assert.Equal(name, SyntheticSpec.Parse(spec).ToString());

    [Theory]
    [InlineData("tides:1", "'tides:1' is no synthetic trace; it must begin with one of poisson, bursts, zones, day, selfexciting, shifting.")]
    [InlineData("day:-1", "'day:-1': '-1' is not a seed; it must be a whole number of at least 0, like day:7.")]
    [InlineData("day:", "'' is not a seed")]
    [InlineData("day:1,colour=3", "'colour' is not a parameter of day; it must be one of intervals, interval-seconds, capacity, least, period-hours")]
    [InlineData("day:1,capacity", "'capacity' is not valid; it must be capacity=NUMBER.")]
    [InlineData("day:1,capacity=many", "'capacity=many' is not valid; it must be capacity=NUMBER.")]
    [InlineData("day:1,capacity=2,capacity=3", "capacity is there twice; it must be there once.")]
    [InlineData("day:1,capacity=0", "capacity is 0; it must be a whole number from 1 to 100000.")]
    [InlineData("day:1,capacity=2.5", "capacity is 2.5; it must be a whole number from 1 to 100000.")]
    [InlineData("day:1,capacity=100001", "capacity is 100001; it must be a whole number from 1 to 100000.")]
    [InlineData("day:1,intervals=10000001", "intervals is 10000001; it must be a whole number from 1 to 10000000.")]
    [InlineData("day:1,least=NaN", "least is NaN; it must be a number from 0 to 1.")]
    [InlineData("bursts:1,least-share=0.9", "least-share is 0.9; it must be at most most-share, which is 0.5.")]
    [InlineData("zones:1,zones=4,capacity=3", "zones is 4; it must be at most capacity, which is 3.")]
    [InlineData("zones:1,intervals=9000000", "intervals is 9000000; with 3 zones it must be at most 3333333.")]
    public void A_wrong_spelling_is_refused_with_what_would_be_right(string spec, string message) =>
        Assert.Contains(message, Assert.Throws<ArgumentException>(() => SyntheticSpec.Parse(spec)).Message, StringComparison.Ordinal);

    [Fact]
    public void Options_are_checked_where_no_spelling_was_read() =>
        Assert.Equal("capacity is -1; it must be a whole number from 1 to 100000.", Assert.Throws<ArgumentException>(() => SyntheticTrace.Generate(new PoissonOptions { Capacity = -1 }, 1)).Message);

    [Fact]
    public void Defaults_are_the_documented_ones()
    {
        var text = SyntheticSpec.Kinds.Select(k => $"{k.Kind}: " + string.Join(", ", SyntheticParameter.Of(k).Select(p => $"{p.Name}={p.Get(k)}")));
        Assert.Equal(
            [
                "poisson: intervals=480, interval-seconds=60, capacity=32, target=0.75, losses-per-hour=0.5",
                "bursts: intervals=480, interval-seconds=60, capacity=32, bursts-per-hour=1.5, least-share=0.1, most-share=0.5, hold-minutes=5, recovery-minutes=15",
                "zones: intervals=480, interval-seconds=60, capacity=32, zones=3, outages-per-day=4, outage-minutes=30, recovery-minutes=10, losses-per-hour=0.1",
                "day: intervals=1440, interval-seconds=60, capacity=32, least=0.4, period-hours=24, start-hours=0, recovery-minutes=10, losses-per-hour=0.1",
                "selfexciting: intervals=480, interval-seconds=60, capacity=32, losses-per-hour=0.1, offspring=0.7, memory-minutes=5, recovery-minutes=15",
                "shifting: intervals=480, interval-seconds=60, capacity=32, shifts-per-hour=1, least=0.3, recovery-minutes=10, losses-per-hour=0.1",
            ],
            text);
    }

    [Theory]
    [InlineData("ladp", "aws-p3:LADP")]
    [InlineData("poisson:3,intervals=5", "poisson:3,intervals=5")]
    public void A_name_finds_its_trace(string name, string found) => Assert.Equal(found, NamedTraces.Resolve(name).Name);

    [Fact]
    public void A_file_is_found_by_its_path_and_what_is_nothing_names_what_there_is()
    {
        string path = Path.Combine(Directory.CreateTempSubdirectory("parcae-test-").FullName, "day");
        try
        {
            File.WriteAllText(path, "3\n4\n");
            Assert.Equal(4, NamedTraces.Resolve(path).Peak);
        }
        finally
        {
            Directory.Delete(Path.GetDirectoryName(path)!, recursive: true);
        }

        Assert.Contains("aws-p3:LADP", Assert.Throws<ArgumentException>(() => NamedTraces.Resolve("nowhere.csv")).Message, StringComparison.Ordinal);
        Assert.Contains("poisson, bursts, zones, day", Assert.Throws<ArgumentException>(() => NamedTraces.Resolve("")).Message, StringComparison.Ordinal);
    }
}
