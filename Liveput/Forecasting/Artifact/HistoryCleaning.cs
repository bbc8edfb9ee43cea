namespace Parcae.Liveput.Forecasting.Artifact;

/// <summary>What the published artifact does to a window of counts before it fits them.</summary>
internal static class HistoryCleaning
{
    private const int LongestSpike = 3;

    /// <summary>Spikes smoothed, then what lies before the last turning point flattened.</summary>
    public static int[] Clean(ReadOnlySpan<int> counts)
    {
        var cleaned = Smooth(counts);
        int turn = Math.Max(Turn(cleaned, cleaned.Min()), Turn(cleaned, cleaned.Max()));
        cleaned.AsSpan(0, turn).Fill(cleaned[turn]);
        return cleaned;
    }

    /// <summary>Fills up to three counts between two equal ones that they differ from with these: longer spikes first, then from the oldest on.</summary>
    public static int[] Smooth(ReadOnlySpan<int> counts)
    {
        var smooth = counts.ToArray();
        for (int gap = LongestSpike + 1; gap >= 2; gap--)
        {
            for (int i = 0; i + gap < smooth.Length; i++)
            {
                var between = smooth.AsSpan(i + 1, gap - 1);
                if (smooth[i] == smooth[i + gap] && !between.Contains(smooth[i])) between.Fill(smooth[i]);
            }
        }

        return smooth;
    }

    /// <summary>Where an extreme is first reached; 0 when the window still ends at it, for then nothing has turned.</summary>
    private static int Turn(int[] counts, int extreme) => counts[^1] == extreme ? 0 : Array.IndexOf(counts, extreme);
}
