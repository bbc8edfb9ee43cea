namespace Parcae.Liveput.Costs.Transitions;

/// <summary>Which instances are lost. Of N instances, instance k serves stage k mod P of pipeline k / P when k is below D * P; the others are spares.</summary>
public static class LossDraw
{
    /// <summary>Loses <paramref name="count"/> instances uniformly without replacement.</summary>
    /// <param name="count">At most N.</param>
    /// <param name="random">Where chance comes from.</param>
    /// <param name="lost">Set to which are lost, <c>[N]</c>.</param>
    public static void Draw(int count, Random random, Span<bool> lost)
    {
        ArgumentNullException.ThrowIfNull(random);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(count, lost.Length);
        lost.Clear();

        // Floyd's method: every subset of that size is equally likely.
        for (int top = lost.Length - count; top < lost.Length; top++)
        {
            int pick = random.Next(top + 1);
            lost[lost[pick] ? top : pick] = true;
        }
    }

    /// <summary>The replicas that each stage keeps, <c>[P]</c>.</summary>
    internal static void Survivors(Strategy from, ReadOnlySpan<bool> lost, Span<int> survivors)
    {
        survivors.Fill(from.Pipelines);
        for (int k = 0; k < from.Instances; k++)
        {
            if (lost[k]) survivors[k % from.Depth]--;
        }
    }
}
