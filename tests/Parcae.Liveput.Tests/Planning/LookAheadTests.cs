using CsCheck;
using Parcae.Liveput.Costs;
using Parcae.Liveput.Forecasting;
using Parcae.Liveput.Planning;
using Parcae.Liveput.Profiles;
using Parcae.Liveput.Traces;

namespace Parcae.Liveput.Tests.Planning;

public sealed class LookAheadTests
{
    private static readonly OptimizerOptions NoMargin = new() { ChangeMargin = 0 };

    private static readonly Gen<PlanningProfile> Profiles =
        Gen.Double[1, 20].Array[14].Select(Gen.Bool.Array[14], (rates, there) =>
        {
            var strategies = (from depth in Enumerable.Range(1, 6) from pipelines in Enumerable.Range(1, 6 / depth) select (pipelines, depth)).ToArray();
            var entries = strategies.Zip(rates, there).Where(e => e.Third || e.First == (1, 2)).Select(e => (e.First.pipelines, e.First.depth, e.Second * e.First.pipelines));
            return Samples.Table(6, [.. entries]);
        });

    private static readonly Gen<IMigrationCostModel> Prices =
        Gen.Select(Gen.Double[0, 20], Gen.Double[0, 20], Gen.Double[0, 60], Gen.Double[0, 60], (a, b, c, d) => (IMigrationCostModel)new FlatCosts(a, a + b, c, d));

    [Fact]
    public void Expected_samples_equal_brute_force_over_all_choices_and_all_losses() =>
        Gen.Select(Profiles, Prices, Gen.Int[1, 6].Array[4].Array[1, 3], Gen.Int[0, 3].Array[4].Array[3], Gen.Int[2, 6]).Sample(
            (profile, costs, counts, losses, available) =>
            {
                losses = losses[..counts.Length];
                var forecast = new AvailabilityForecast([.. counts.Zip(losses, (c, l) => new IntervalForecast { Available = Quarters(c), Lost = Quarters(l) })]);
                AssertEqual(new BruteForce(profile, costs, counts.Length, BruteForce.Coupled(counts, losses), 60), profile, costs, available, forecast);
            },
            iter: 200);

    [Fact]
    public void With_arrivals_by_what_is_left_expected_samples_equal_brute_force_too() =>
        Gen.Select(Profiles, Prices, Gen.Int[0, 3].Array[4].Array[1, 3], Gen.Int[0, 3].Array[4].Array[7].Array[3], Gen.Int[2, 6], Gen.Bool).Sample(
            (profile, costs, losses, drawn, available, steady) =>
            {
                // No more than six; the same in every interval where the future is steady, as forecasts often have it.
                var arrivals = Enumerable.Range(0, losses.Length).Select(i => drawn[steady ? 0 : i].Select((values, left) => values.Select(j => Math.Min(j, 6 - left)).ToArray()).ToArray()).ToArray();
                if (steady) losses = [.. losses.Select(_ => losses[0])];
                var outcomes = BruteForce.Arriving(losses, arrivals);
                double[] lost = Quarters(losses[0]), now = Samples.Point(available);
                double[][] rows = [.. arrivals[0].Select(Quarters)];
                var intervals = new List<IntervalForecast>();
                for (int i = 0; i < losses.Length; i++)
                {
                    var next = new double[7];
                    for (int n = 0; n < now.Length; n++)
                    {
                        if (now[n] == 0) continue;
                        foreach (var outcome in outcomes(i, n)) next[outcome.Next] += now[n] * outcome.Chance;
                    }

                    now = next;
                    intervals.Add(new IntervalForecast { Available = now, Lost = steady ? lost : Quarters(losses[i]), Joined = steady ? rows : [.. arrivals[i].Select(Quarters)] });
                }

                AssertEqual(new BruteForce(profile, costs, losses.Length, outcomes, 60), profile, costs, available, new AvailabilityForecast(intervals));
            },
            iter: 200);

    [Theory]
    [InlineData(15)]
    [InlineData(30)]
    [InlineData(45)]
    public void Counts_that_are_taken_together_hardly_change_what_is_expected(int now)
    {
        // A forecaster that knows no bound spreads over more counts than are told apart by default.
        var profile = BuiltInProfiles.TryGet("gpt-1.5b")!;
        var history = BuiltInTraces.Get("aws-p3:HADP").ToHistory()[..(now + 1)];
        var request = Samples.Request(history[^1].Available, new PersistenceForecaster().Forecast(history, 12));
        double Expected(int maxCounts) => new LiveputOptimizer(profile, new ProfiledCostModel(profile), new OptimizerOptions { MaxCounts = maxCounts }).Plan(request).ExpectedSamples;
        Assert.Equal(1, Expected(20) / Expected(1000), 0.02);
        Assert.Equal(1, Expected(40) / Expected(1000), 0.01);
    }

    [Fact]
    public void With_a_certain_future_no_sequence_of_strategies_brings_more() =>
        Gen.Select(Profiles, Gen.Int[0, 12].Array[4], Gen.Int[2, 6].Array[1, 4]).Sample(
            (profile, quarters, counts) =>
            {
                // Up to the whole interval of 4 s for a change.
                var costs = new FlatCosts(quarters[0] / 6.0, (quarters[0] + quarters[1]) / 6.0, quarters[2] / 3.0, quarters[3] / 3.0);
                var availability = counts.Zip(counts[1..].Append(counts[^1]), (now, next) => (next, Math.Max(0, now - next))).ToArray();
                if (availability.Any(a => a.Item2 > 0)) return;
                var decision = new LiveputOptimizer(profile, costs, NoMargin).Plan(Samples.Request(counts[0], Samples.Certain(availability), intervalSeconds: 4));
                Assert.Equal(BestSequence(profile, costs, counts, 0, Strategy.None), decision.ExpectedSamples, 1e-9);
            },
            iter: 2000);

    private static void AssertEqual(BruteForce truth, PlanningProfile profile, IMigrationCostModel costs, int available, AvailabilityForecast forecast)
    {
        var decision = new LiveputOptimizer(profile, costs, NoMargin).Plan(Samples.Request(available, forecast));
        foreach (var candidate in decision.Candidates)
        {
            double value = truth.Value(0, available, Strategy.None, candidate.Strategy);
            Assert.Equal(value, candidate.ExpectedSamples, 1e-9 * Math.Max(1, value));
        }
    }

    private static double BestSequence(PlanningProfile profile, FlatCosts costs, int[] counts, int i, Strategy current)
    {
        if (i == counts.Length) return 0;
        if (counts[i] < profile.MinInstances) return BestSequence(profile, costs, counts, i + 1, Strategy.None);
        double best = double.NegativeInfinity;
        for (int depth = 1; depth <= counts[i]; depth++)
        {
            for (int pipelines = 1; pipelines * depth <= counts[i]; pipelines++)
            {
                var next = new Strategy(pipelines, depth);
                if (profile.Throughput(next) == 0) continue;
                double seconds = next == current ? 0 : costs.Seconds(MigrationCase.Between(current, current.Pipelines, next));
                best = Math.Max(best, ((4 - seconds) * profile.Throughput(next)) + BestSequence(profile, costs, counts, i + 1, next));
            }
        }

        return best;
    }

    private static double[] Quarters(int[] values)
    {
        var p = new double[values.Max() + 1];
        foreach (int value in values) p[value] += 0.25;
        return p;
    }
}
