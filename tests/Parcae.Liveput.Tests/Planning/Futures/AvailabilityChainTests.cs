using Parcae.Liveput.Forecasting;
using Parcae.Liveput.Forecasting.Survival;
using Parcae.Liveput.Planning.Futures;
using Parcae.Liveput.Traces.Synthetic;

namespace Parcae.Liveput.Tests.Planning.Futures;

public sealed class AvailabilityChainTests
{
    private const int Horizon = 12;

    [Fact]
    public void Without_arrivals_it_has_the_distributions_of_the_forecast()
    {
        var forecast = new PersistenceForecaster().Forecast([new(6, 0, 0), new(5, 0, 1)], 6);
        forecast = new AvailabilityForecast([.. forecast.Intervals.Select(i => i with { Joined = null })]);
        var chain = new AvailabilityChain(5, forecast, 6, 40);
        foreach (var (expected, counts, losses) in Walk(chain, forecast))
        {
            AssertNear(expected.Available, counts, 1e-3);
            Assert.Equal(expected.Lost[0], losses[0], 0.02);
        }

        Assert.All(chain.Moves, moves => Assert.All(
            moves.SelectMany((list, n) => (list ?? []).Select(m => (n, m))), at => Assert.True(chain.Losses[at.m.Loss] >= chain.Counts[at.n] - chain.Counts[at.m.Next])));
    }

    [Fact]
    public void With_arrivals_it_has_the_distributions_of_the_forecast()
    {
        foreach (var (now, forecast) in Forecasts("bursts:5,capacity=8,intervals=160", 8))
        {
            var chain = new AvailabilityChain(now, forecast, Horizon, 40);
            int interval = 0;
            foreach (var (expected, counts, losses) in Walk(chain, forecast))
            {
                // Exact for the first. Later, a low count tells of a loss not long ago, which makes the next one likelier: that the chain does not know.
                AssertNear(expected.Available, counts, interval == 0 ? 2e-4 : 0.1);
                AssertNear(expected.Lost, losses, interval++ == 0 ? 2e-4 : 0.06);
                Assert.Equal(expected.MeanAvailable, Mean(counts), 0.35);
            }
        }
    }

    [Fact]
    public void Losses_never_exceed_what_is_there()
    {
        // Up to 5 lost of 3, whatever comes.
        double[] lost = [0.3, 0.2, 0.2, 0.1, 0.1, 0.1];
        double[]?[] joined = [[0.5, 0.5], null, [0, 0, 1], [1], [1], [1]];
        var arriving = Enumerable.Repeat(new IntervalForecast { Available = [0.4, 0.3, 0.1, 0.1, 0.1], Lost = lost, Joined = joined }, 4).ToArray();
        foreach (var intervals in (IntervalForecast[][])[arriving, [.. arriving.Select(i => i with { Joined = null })]])
        {
            var chain = new AvailabilityChain(3, new AvailabilityForecast(intervals), 4, 40);
            foreach (var moves in chain.Moves)
            {
                for (int n = 0; n < moves.Length; n++)
                {
                    foreach (var move in moves[n] ?? []) Assert.True(chain.Losses[move.Loss] <= chain.Counts[n], $"{chain.Losses[move.Loss]} of {chain.Counts[n]} are lost");
                }
            }
        }
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void Counts_that_are_taken_together_keep_the_means(bool arrivals)
    {
        foreach (var (now, found) in Forecasts("bursts:5,capacity=200,intervals=80", 200))
        {
            var forecast = arrivals ? found : new AvailabilityForecast([.. found.Intervals.Select(i => i with { Joined = null })]);
            AvailabilityChain exact = new(now, forecast, Horizon, 1000), grouped = new(now, forecast, Horizon, 40);
            Assert.InRange(grouped.Counts.Length, 20, 40);
            Assert.Equal(now, grouped.Counts[grouped.Start]);
            foreach (var ((_, counts, losses), (_, few, fewLosses)) in Walk(exact, forecast).Zip(Walk(grouped, forecast)))
            {
                Assert.Equal(1, Mean(few) / Mean(counts), arrivals ? 0.015 : 1e-9);

                // Without arrivals, exact counts raise losses to the falls that they see.
                if (arrivals) Assert.Equal(Mean(losses), Mean(fewLosses), 0.01);
            }
        }
    }

    [Fact]
    public void A_thousand_instances_keep_the_means_of_the_forecast()
    {
        foreach (var (now, forecast) in Forecasts("poisson:5,capacity=1000,intervals=60", 1000))
        {
            var chain = new AvailabilityChain(now, forecast, Horizon, 40);
            foreach (var (expected, counts, losses) in Walk(chain, forecast))
            {
                Assert.Equal(expected.MeanAvailable, Mean(counts), 0.05);
                Assert.Equal(Mean(expected.Lost), Mean(losses), 0.01);
            }
        }
    }

    [Fact]
    public void A_count_stays_where_the_distributions_allow_it() =>
        Assert.Equal(
            [(0, 0, 0.25), (1, 0, 0.25), (1, 1, 0.25), (2, 2, 0.25)],
            Coupling.Monotone([0.25, 0.5, 0.25], [0.5, 0.25, 0.25]));

    [Theory]
    [InlineData(0, 5, 9, 40)]
    [InlineData(3, 3, 3, 8)]
    [InlineData(0, 900, 1000, 40)]
    [InlineData(7, 1000, 1001, 8)]
    [InlineData(1, 2, 4096, 17)]
    public void Levels_span_the_counts_keep_the_present_one_and_are_no_more_than_asked_for(int low, int present, int high, int most)
    {
        int[] values = Levels.OfCounts(low, present, high, most).Values;
        Assert.True(values.Length <= most, $"{values.Length} levels");
        Assert.InRange(values[0], 0, low);
        Assert.True(values[^1] >= high);
        Assert.Contains(present, values);
        Assert.Equal(values.Distinct().Order(), values);
    }

    /// <summary>From several moments of a synthetic trace.</summary>
    private static IEnumerable<(int Now, AvailabilityForecast Forecast)> Forecasts(string spec, int most)
    {
        var history = SyntheticTrace.Generate(spec).ToHistory();
        var forecaster = new SurvivalForecaster(new SurvivalOptions { MaxInstances = most });
        for (int end = 20; end <= history.Length; end += 20) yield return (history[end - 1].Available, forecaster.Forecast(history[..end], Horizon));
    }

    /// <summary>Follows a chain: beside each interval's forecast the distributions that the chain has, over every number.</summary>
    private static IEnumerable<(IntervalForecast Expected, double[] Counts, double[] Losses)> Walk(AvailabilityChain chain, AvailabilityForecast forecast)
    {
        var now = new double[chain.Counts.Length];
        now[chain.Start] = 1;
        for (int i = 0; i < chain.Horizon; i++)
        {
            var next = new double[now.Length];
            var lost = new double[chain.Losses[^1] + 1];
            for (int n = 0; n < now.Length; n++)
            {
                if (now[n] == 0) continue;
                Assert.Equal(1, chain.Moves[i][n]!.Sum(m => m.Probability), 1e-9);
                foreach (var move in chain.Moves[i][n]!)
                {
                    next[move.Next] += now[n] * move.Probability;
                    lost[chain.Losses[move.Loss]] += now[n] * move.Probability;
                }
            }

            var counts = new double[chain.Counts[^1] + 1];
            for (int n = 0; n < next.Length; n++) counts[chain.Counts[n]] += next[n];
            yield return (forecast.Intervals[i], counts, lost);
            now = next;
        }
    }

    private static void AssertNear(double[] expected, double[] actual, double tolerance)
    {
        double between = 0;
        for (int n = 0; n < Math.Max(expected.Length, actual.Length); n++) between += Math.Abs(expected.ElementAtOrDefault(n) - actual.ElementAtOrDefault(n)) / 2;
        Assert.True(between <= tolerance, $"total variation {between}, more than {tolerance}");
    }

    private static double Mean(double[] distribution) => distribution.Select((p, n) => p * n).Sum();
}
