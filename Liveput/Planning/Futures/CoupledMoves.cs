namespace Parcae.Liveput.Planning.Futures;

/// <summary>Moves where a forecast knows only how each interval looks by itself: how intervals hang together is filled in with the least movement that explains it.</summary>
/// <remarks>
/// From one interval to the next, quantile goes to quantile (the monotone coupling: the count stays where the distributions allow it). Within an interval, the larger losses go with the larger falls of the
/// count; what is lost and not missing afterwards has been replaced. As long as every count is told apart, a count never falls by more than is lost.
/// </remarks>
internal sealed class CoupledMoves(Levels counts, Levels losses)
{
    /// <summary>The moves of an interval by the count at its beginning, null where that has no chance.</summary>
    /// <param name="before">Distribution of the counts at its beginning, by level.</param>
    /// <param name="after">At its end.</param>
    /// <param name="lost">Distribution of the losses, by level.</param>
    public List<CountMove>?[] Between(double[] before, double[] after, double[] lost)
    {
        var moves = new List<CountMove>?[before.Length];
        var nextOf = new List<(int Next, double Weight)>[before.Length];
        foreach (var (from, to, weight) in Coupling.Monotone(before, after)) (nextOf[from] ??= []).Add((to, weight / before[from]));
        for (int n = 0; n < moves.Length; n++)
        {
            if (nextOf[n] is { } next) moves[n] = From(n, next, lost);
        }

        return moves;
    }

    /// <summary>Both from the mildest to the worst: fewest losses with the highest count.</summary>
    private List<CountMove> From(int count, List<(int Next, double Weight)> next, double[] lost)
    {
        var moves = new List<CountMove>();
        int level = 0;
        double lossLeft = lost[0];
        for (int j = next.Count - 1; j >= 0; j--)
        {
            double left = next[j].Weight;
            while (left > 0)
            {
                while (lossLeft <= 0 && level + 1 < lost.Length) lossLeft = lost[++level];
                double weight = level + 1 < lost.Length ? Math.Min(left, lossLeft) : left;
                if (weight > 0) moves.Add(new CountMove(Possible(level, count, next[j].Next), next[j].Next, weight));
                left -= weight;
                lossLeft -= weight;
            }
        }

        moves.Sort(static (a, b) => a.Loss != b.Loss ? a.Loss.CompareTo(b.Loss) : a.Next.CompareTo(b.Next));
        return moves;
    }

    /// <summary>The loss nearest to a level that is no more than the count, and no less than its fall.</summary>
    private int Possible(int level, int from, int next)
    {
        while (level > 0 && losses.Values[level] > counts.Values[from]) level--;
        if (!counts.Exact) return level;
        while (level + 1 < losses.Values.Length && losses.Values[level] < counts.Values[from] - counts.Values[next]) level++;
        return level;
    }
}
