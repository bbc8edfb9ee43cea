using Parcae.Liveput.Forecasting;

namespace Parcae.Liveput.Planning.Futures;

/// <summary>Moves where a forecast knows the arrivals too: first losses, the same for every count as far as it has so many, then arrivals by what is left.</summary>
internal sealed class ArrivalMoves(Levels counts, Levels losses)
{
    private IntervalForecast? _known;
    private List<CountMove>?[] _moves = [];

    /// <summary>The moves of an interval by the count at its beginning, null where that has no chance, and the counts at its end, by level.</summary>
    /// <param name="before">Distribution of the counts at its beginning, by level.</param>
    /// <param name="lost">Distribution of the losses, by level.</param>
    /// <param name="forecast">The interval's forecast, with arrivals.</param>
    public (List<CountMove>?[] Moves, double[] After) From(double[] before, double[] lost, IntervalForecast forecast)
    {
        var after = new double[before.Length];
        var moves = new List<CountMove>?[before.Length];
        bool sameLosses = ReferenceEquals(_known?.Lost, forecast.Lost);
        for (int n = 0; n < before.Length; n++)
        {
            if (before[n] <= 0) continue;

            // Forecasts often say the same of every interval: then a count's moves are shared.
            moves[n] = (sameLosses && Repeats(n, forecast) ? _moves[n] : null) ?? From(n, lost, forecast);
            foreach (var move in moves[n]!) after[move.Next] += before[n] * move.Probability;
        }

        (_known, _moves) = (forecast, moves);
        return (moves, after);
    }

    private static double[]? Arrivals(IntervalForecast? forecast, int left) =>
        forecast?.Joined is { } joined && left >= 0 && left < joined.Length ? joined[left] : null;

    private bool Repeats(int n, IntervalForecast forecast) =>
        Array.TrueForAll(losses.Values, k => ReferenceEquals(Arrivals(forecast, counts.Values[n] - k), Arrivals(_known, counts.Values[n] - k)));

    private List<CountMove> From(int n, double[] lost, IntervalForecast forecast)
    {
        var moves = new List<CountMove>();
        int count = counts.Values[n], most = Array.FindLastIndex(losses.Values, k => k <= count);
        var next = new double[counts.Values.Length];
        for (int loss = 0; loss <= most; loss++)
        {
            // More than there is cannot be lost: then all that can be is.
            double chance = loss < most ? lost[loss] : lost[most..].Sum();
            if (chance <= 0) continue;
            int left = count - losses.Values[loss];
            Array.Clear(next);
            counts.Add(next, left, Arrivals(forecast, left) ?? [1], chance);
            for (int to = 0; to < next.Length; to++)
            {
                if (next[to] > 0) moves.Add(new CountMove(loss, to, next[to]));
            }
        }

        return moves;
    }
}
