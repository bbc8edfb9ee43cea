namespace Parcae.Liveput.Profiles;

/// <summary>Cuts layers into contiguous stages: the slowest stage as fast as memory allows; among those, the largest stage as small as can be.</summary>
internal static class StagePartition
{
    /// <summary>The stages, or null when none fits.</summary>
    /// <param name="layers">Number of layers L.</param>
    /// <param name="depth">Number of stages P, at most L.</param>
    /// <param name="seconds">Time of the stage of layers [first, end).</param>
    /// <param name="parameters">Parameters of the layers [first, end).</param>
    /// <param name="fits">Whether layers [first, end) fit as the given stage.</param>
    public static (int First, int Count)[]? Solve(
        int layers, int depth, Func<int, int, double> seconds, Func<int, int, long> parameters, Func<int, int, int, bool> fits)
    {
        if (Bottleneck(layers, depth, seconds, fits, out _) is not { } slowest) return null;
        double limit = slowest * (1 + 1e-12);
        _ = Bottleneck(layers, depth, (first, end) => parameters(first, end), (stage, first, end) => seconds(first, end) <= limit && fits(stage, first, end), out var cuts);
        return cuts;
    }

    private static double? Bottleneck(
        int layers, int depth, Func<int, int, double> weight, Func<int, int, int, bool> fits, out (int First, int Count)[] stages)
    {
        // best[stage, end]: the least possible greatest weight of stages 0..stage over layers [0, end).
        var best = new double[depth, layers + 1];
        var from = new int[depth, layers + 1];
        for (int stage = 0; stage < depth; stage++)
        {
            for (int end = 0; end <= layers; end++)
            {
                best[stage, end] = double.PositiveInfinity;
                int lowest = stage == 0 ? 0 : stage;
                for (int first = stage == 0 ? 0 : end - 1; first >= lowest && first < end; first--)
                {
                    double before = stage == 0 ? 0 : best[stage - 1, first];
                    if (before >= best[stage, end] || !fits(stage, first, end)) continue;
                    double worst = Math.Max(before, weight(first, end));
                    if (worst >= best[stage, end]) continue;
                    best[stage, end] = worst;
                    from[stage, end] = first;
                }
            }
        }

        stages = new (int, int)[depth];
        if (double.IsPositiveInfinity(best[depth - 1, layers])) return null;
        for (int stage = depth - 1, end = layers; stage >= 0; stage--)
        {
            int first = from[stage, end];
            stages[stage] = (first, end - first);
            end = first;
        }

        return best[depth - 1, layers];
    }
}
