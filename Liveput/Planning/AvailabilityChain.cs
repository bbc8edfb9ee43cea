using Parcae.Liveput.Forecasting;

namespace Parcae.Liveput.Planning;

/// <summary>
/// A Markov chain of instance counts and losses whose distributions, interval by interval, are those of a forecast.
/// </summary>
/// <remarks>
/// A forecast says how each interval looks by itself; how intervals hang together is filled in with the least movement that explains it. From one interval to the next, quantile goes to quantile
/// (the monotone coupling: the count stays where the distributions allow it). Within an interval, the larger losses go with the larger falls of the count; what
/// is lost and not missing afterwards has been replaced. A count can never fall by more than is lost.
/// </remarks>
internal sealed class AvailabilityChain
{
    /// <summary>Values at either end of a distribution with less probability than this are moved inwards, to keep the look-ahead small.</summary>
    private const double Tail = 1e-4;

    /// <summary>Losses up to this number are told apart one by one; beyond, in steps that grow by a quarter, keeping the mean.</summary>
    private const int ExactLosses = 8;

    private readonly int _step;
    private readonly int _lowest;

    public AvailabilityChain(int available, AvailabilityForecast forecast, int horizon, int maxCounts)
    {
        Horizon = horizon;
        var counts = new double[horizon][];
        int low = available, high = available;
        for (int i = 0; i < horizon; i++)
        {
            counts[i] = Trimmed(forecast.Intervals[i].Available, out int first, out int last);
            (low, high) = (Math.Min(low, first), Math.Max(high, last));
        }

        _step = Math.Max(1, (high - low + maxCounts) / maxCounts);
        _lowest = available - ((available - low) / _step * _step);
        Counts = new int[((high - _lowest + _step - 1) / _step) + 1];
        for (int i = 0; i < Counts.Length; i++) Counts[i] = _lowest + (i * _step);
        Start = (available - _lowest) / _step;

        var lost = new double[horizon][];
        int most = _step == 1 ? MaxFall(counts, available) : 0;
        for (int i = 0; i < horizon; i++)
        {
            lost[i] = Trimmed(forecast.Intervals[i].Lost, out _, out int last);
            most = Math.Max(most, last);
        }

        Losses = LossLevels(Math.Min(most, Counts[^1]));
        Moves = new List<CountMove>?[horizon][];
        var before = new double[Counts.Length];
        before[Start] = 1;
        for (int i = 0; i < horizon; i++)
        {
            var after = OnGrid(counts[i]);
            if (forecast.Intervals[i].Joined is { } joined)
            {
                (Moves[i], before) = Independent(before, OnLevels(lost[i]), joined);
            }
            else
            {
                Moves[i] = Couple(before, after, OnLevels(lost[i]));
                before = after;
            }
        }
    }

    /// <summary>Intervals.</summary>
    public int Horizon { get; }

    /// <summary>The instance counts that are told apart, ascending.</summary>
    public int[] Counts { get; }

    /// <summary>Index of the present count.</summary>
    public int Start { get; }

    /// <summary>The numbers of losses that are told apart, ascending from 0.</summary>
    public int[] Losses { get; }

    /// <summary>Whether neighbouring counts were taken together.</summary>
    public bool Grouped => _step > 1;

    /// <summary>What may happen in interval i to count n, <c>[i][n]</c>: ascending by loss, probabilities summing to 1; null where count n has no chance at its beginning.</summary>
    public List<CountMove>?[][] Moves { get; }

    private static double[] Trimmed(double[] distribution, out int first, out int last)
    {
        double total = 0;
        foreach (double p in distribution)
        {
            if (!(p >= 0) || !double.IsFinite(p)) throw new ArgumentException($"A forecast holds the probability {p}.", nameof(distribution));
            total += p;
        }

        if (!(total > 0)) throw new ArgumentException("A forecast's distribution has no mass.", nameof(distribution));
        var trimmed = Array.ConvertAll(distribution, p => p / total);
        first = 0;
        last = trimmed.Length - 1;
        while (first < last && trimmed[first] < Tail)
        {
            trimmed[first + 1] += trimmed[first];
            trimmed[first++] = 0;
        }

        while (last > first && trimmed[last] < Tail)
        {
            trimmed[last - 1] += trimmed[last];
            trimmed[last--] = 0;
        }

        return trimmed;
    }

    private static int[] LossLevels(int most)
    {
        var levels = new List<int> { 0 };
        while (levels[^1] < most) levels.Add(Math.Min(most, levels[^1] < ExactLosses ? levels[^1] + 1 : levels[^1] * 5 / 4));
        return [.. levels];
    }

    /// <summary>The greatest fall of the count in one interval that the monotone coupling holds.</summary>
    private static int MaxFall(double[][] counts, int available)
    {
        int greatest = 0;
        var before = new double[available + 1];
        before[available] = 1;
        foreach (double[] after in counts)
        {
            foreach (var (from, to, _) in Coupling.Monotone(before, after)) greatest = Math.Max(greatest, from - to);
            before = after;
        }

        return greatest;
    }

    private double[] OnGrid(double[] distribution)
    {
        var grid = new double[Counts.Length];
        for (int n = 0; n < distribution.Length; n++)
        {
            if (distribution[n] > 0) grid[Nearest(n)] += distribution[n];
        }

        return grid;
    }

    private double[] OnLevels(double[] distribution)
    {
        var levels = new double[Losses.Length];
        int level = 0;
        for (int k = 0; k < distribution.Length; k++)
        {
            while (level + 1 < Losses.Length && Losses[level + 1] <= k) level++;
            if (level + 1 == Losses.Length || Losses[level] == k)
            {
                levels[level] += distribution[k];
                continue;
            }

            double upper = (double)(k - Losses[level]) / (Losses[level + 1] - Losses[level]);
            levels[level] += distribution[k] * (1 - upper);
            levels[level + 1] += distribution[k] * upper;
        }

        return levels;
    }

    private List<CountMove>[] Couple(double[] before, double[] after, double[] lost)
    {
        var moves = new List<CountMove>[Counts.Length];
        var nextOf = new List<(int Next, double Weight)>[Counts.Length];
        foreach (var (from, to, weight) in Coupling.Monotone(before, after)) (nextOf[from] ??= []).Add((to, weight / before[from]));
        for (int n = 0; n < moves.Length; n++)
        {
            if (nextOf[n] is not { } next) continue;
            moves[n] = [];

            // Both from the mildest to the worst: fewest losses with the highest count.
            int level = 0;
            double lossLeft = lost[0];
            for (int j = next.Count - 1; j >= 0; j--)
            {
                double left = next[j].Weight;
                while (left > 0)
                {
                    while (lossLeft <= 0 && level + 1 < lost.Length) lossLeft = lost[++level];
                    double weight = level + 1 < lost.Length ? Math.Min(left, lossLeft) : left;
                    Add(moves[n], n, level, next[j].Next, weight);
                    left -= weight;
                    lossLeft -= weight;
                }
            }

            moves[n].Sort(static (a, b) => a.Loss != b.Loss ? a.Loss.CompareTo(b.Loss) : a.Next.CompareTo(b.Next));
        }

        return moves;
    }

    /// <summary>Losses and arrivals that know nothing of each other, as far as there is room; and what comes of them.</summary>
    private (List<CountMove>?[] Moves, double[] After) Independent(double[] before, double[] lost, double[]?[] joined)
    {
        var moves = new List<CountMove>?[Counts.Length];
        double[] after = new double[Counts.Length], next = new double[Counts.Length], possible = new double[lost.Length];
        for (int n = 0; n < moves.Length; n++)
        {
            if (before[n] <= 0) continue;
            var list = moves[n] = [];
            Array.Clear(possible);
            for (int loss = 0, most = 0; loss < lost.Length; loss++)
            {
                if (Losses[loss] <= Counts[n]) most = loss;
                possible[most] += lost[loss];
            }

            for (int loss = 0; loss < lost.Length; loss++)
            {
                if (possible[loss] <= 0) continue;
                Array.Clear(next);
                int left = Counts[n] - Losses[loss];
                double[]? row = left < joined.Length ? joined[left] : null;
                if (row is null) next[Nearest(left)] = possible[loss];
                else for (int j = 0; j < row.Length; j++) next[Nearest(left + j)] += row[j] * possible[loss];
                for (int to = 0; to < next.Length; to++)
                {
                    if (next[to] <= 0) continue;
                    list.Add(new CountMove(loss, to, next[to]));
                    after[to] += before[n] * next[to];
                }
            }
        }

        return (moves, after);
    }

    private int Nearest(int count) => Math.Clamp((count - _lowest + (_step / 2)) / _step, 0, Counts.Length - 1);

    private void Add(List<CountMove> moves, int from, int level, int next, double weight)
    {
        if (weight <= 0) return;
        while (level > 0 && Losses[level] > Counts[from]) level--;
        if (!Grouped)
        {
            while (level + 1 < Losses.Length && Losses[level] < Counts[from] - Counts[next]) level++;
        }

        moves.Add(new CountMove(level, next, weight));
    }
}

/// <summary>One thing that may happen to a count in an interval.</summary>
/// <param name="Loss">Index of the number of losses.</param>
/// <param name="Next">Index of the count afterwards.</param>
/// <param name="Probability">Given the count before.</param>
internal readonly record struct CountMove(int Loss, int Next, double Probability);

/// <summary>Couplings of distributions over whole numbers.</summary>
internal static class Coupling
{
    /// <summary>Quantile to quantile: every (from, to) with its probability, ascending in both. Masses are taken as equal; a difference of rounding falls on the last pair.</summary>
    public static List<(int From, int To, double Weight)> Monotone(double[] from, double[] to)
    {
        var pairs = new List<(int, int, double)>();
        int lastTo = Array.FindLastIndex(to, p => p > 0);
        int j = 0;
        double right = to[0];
        for (int i = 0; i < from.Length; i++)
        {
            double left = from[i];
            while (left > 0)
            {
                while (right <= 0 && j < lastTo) right = to[++j];
                double weight = j < lastTo ? Math.Min(left, right) : left;
                if (weight > 0) pairs.Add((i, j, weight));
                left -= weight;
                right -= weight;
            }
        }

        return pairs;
    }
}
