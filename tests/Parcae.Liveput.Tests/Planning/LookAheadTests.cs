using CsCheck;
using Parcae.Liveput.Costs;
using Parcae.Liveput.Forecasting;
using Parcae.Liveput.Planning;
using Parcae.Liveput.Profiles;

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
                var truth = new BruteForce(profile, costs, counts, losses, 60);
                var decision = new LiveputOptimizer(profile, costs, NoMargin).Plan(Samples.Request(available, forecast));
                foreach (var candidate in decision.Candidates)
                {
                    double value = truth.Value(0, available, Strategy.None, candidate.Strategy);
                    Assert.Equal(value, candidate.ExpectedSamples, 1e-9 * Math.Max(1, value));
                }
            },
            iter: 200);

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

    [Fact]
    public void The_chain_has_the_distributions_of_the_forecast()
    {
        var forecast = new PersistenceForecaster().Forecast([new(6, 0, 0), new(5, 0, 1)], 6);
        var chain = new AvailabilityChain(5, forecast, 6, 40);
        var now = new double[chain.Counts.Length];
        now[chain.Start] = 1;
        for (int i = 0; i < 6; i++)
        {
            var next = new double[now.Length];
            var lost = new double[chain.Losses.Length];
            for (int n = 0; n < now.Length; n++)
            {
                if (now[n] == 0) continue;
                Assert.Equal(1, chain.Moves[i][n]!.Sum(m => m.Probability), 1e-9);
                foreach (var move in chain.Moves[i][n]!)
                {
                    Assert.True(chain.Losses[move.Loss] >= chain.Counts[n] - chain.Counts[move.Next]);
                    next[move.Next] += now[n] * move.Probability;
                    lost[move.Loss] += now[n] * move.Probability;
                }
            }

            for (int n = 0; n < now.Length; n++) Assert.Equal(forecast.Intervals[i].Available.ElementAtOrDefault(chain.Counts[n]), next[n], 1e-3);
            Assert.Equal(forecast.Intervals[i].Lost[0], lost[0], 0.02);
            now = next;
        }
    }

    [Fact]
    public void A_count_stays_where_the_distributions_allow_it() =>
        Assert.Equal(
            [(0, 0, 0.25), (1, 0, 0.25), (1, 1, 0.25), (2, 2, 0.25)],
            Coupling.Monotone([0.25, 0.5, 0.25], [0.5, 0.25, 0.25]));

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
