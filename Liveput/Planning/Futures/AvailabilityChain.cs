using Parcae.Liveput.Forecasting;

namespace Parcae.Liveput.Planning.Futures;

/// <summary>
/// A Markov chain of instance counts and losses with the distributions of a forecast, interval by interval: what the look-ahead looks into.
/// </summary>
/// <remarks>Where a forecast says what joins, its intervals hang together by that (<see cref="ArrivalMoves"/>), else by the least movement (<see cref="CoupledMoves"/>).</remarks>
internal sealed class AvailabilityChain
{
    private readonly Levels _counts, _losses;

    /// <summary>The chain of a forecast.</summary>
    /// <param name="available">The present count.</param>
    /// <param name="forecast">At least <paramref name="horizon"/> intervals.</param>
    /// <param name="horizon">Intervals.</param>
    /// <param name="maxCounts">Most counts that are told apart, at least 8.</param>
    /// <exception cref="ArgumentException">The forecast holds something that is no distribution.</exception>
    public AvailabilityChain(int available, AvailabilityForecast forecast, int horizon, int maxCounts)
    {
        (Horizon, Moves) = (horizon, new List<CountMove>?[horizon][]);
        var counts = new TrimmedDistribution[horizon];
        var lost = new TrimmedDistribution[horizon];
        for (int i = 0; i < horizon; i++) (counts[i], lost[i]) = (TrimmedDistribution.Of(forecast.Intervals[i].Available), TrimmedDistribution.Of(forecast.Intervals[i].Lost));

        _counts = Levels.OfCounts(Math.Min(available, counts.Min(c => c.First)), available, Math.Max(available, counts.Max(c => c.Last)), maxCounts);
        Start = Array.IndexOf(Counts, available);
        int fall = _counts.Exact ? Coupling.GreatestFall(available, Array.ConvertAll(counts, c => c.Probabilities)) : 0;
        _losses = Levels.OfLosses(Math.Min(Math.Max(fall, lost.Max(l => l.Last)), Counts[^1]));

        var coupled = new CoupledMoves(_counts, _losses);
        var arrivals = new ArrivalMoves(_counts, _losses);
        var before = new double[Counts.Length];
        before[Start] = 1;
        for (int i = 0; i < horizon; i++)
        {
            var losses = _losses.Of(lost[i].Probabilities);
            if (forecast.Intervals[i].Joined is not null)
            {
                (Moves[i], before) = arrivals.From(before, losses, forecast.Intervals[i]);
                continue;
            }

            var after = _counts.Of(counts[i].Probabilities);
            Moves[i] = coupled.Between(before, after, losses);
            before = after;
        }
    }

    /// <summary>Intervals.</summary>
    public int Horizon { get; }

    /// <summary>The instance counts that are told apart, ascending.</summary>
    public int[] Counts => _counts.Values;

    /// <summary>Index of the present count.</summary>
    public int Start { get; }

    /// <summary>The numbers of losses that are told apart, ascending from 0.</summary>
    public int[] Losses => _losses.Values;

    /// <summary>What may happen in interval i to count n, <c>[i][n]</c>: ascending by loss, probabilities summing to 1; null where count n has no chance at its beginning.</summary>
    public List<CountMove>?[][] Moves { get; }
}
