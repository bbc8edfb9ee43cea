using Parcae.Liveput.Preemption;

namespace Parcae.Liveput.Simulation.Policies.Templates;

/// <summary>Whether some layer of a mix of pipelines is lost with all its copies.</summary>
internal static class LayerLosses
{
    /// <summary>The exact chance that every layer keeps a copy when <paramref name="lost"/> of <paramref name="instances"/> are lost uniformly.</summary>
    /// <remarks>
    /// A layer is gone when all pipelines of the one depth lost the stage that holds it and all of the other depth too. Going through the layers, four polynomials in the number of losses are kept, one for whether the present stage
    /// of either depth is wholly lost; where a stage ends, its state is summed out and the next one's, x^D or (1 + x)^D - x^D, multiplied in; what has both wholly lost is struck out.
    /// </remarks>
    /// <param name="mix">What runs.</param>
    /// <param name="bounds">First layer of each stage, and the number of layers, <c>[depth][stage]</c>.</param>
    /// <param name="instances">N, at least those in use; others are spares.</param>
    /// <param name="lost">k, 0 .. N.</param>
    public static double EveryLayerKept(PipelineMix mix, int[][] bounds, int instances, int lost)
    {
        double chance = (double)lost / instances;
        var shallow = Stage(mix.Shallow.Pipelines, chance, lost);
        var deep = Stage(mix.Deep, chance, lost);
        int[] shallowBounds = bounds[mix.Shallow.Depth], deepBounds = mix.Deep > 0 ? bounds[mix.DeepDepth] : [];

        // By whether the shallow, then the deep stage is wholly lost; without deep pipelines theirs always is.
        var none = new double[lost + 1];
        var spares = LossPolynomial.Chances(instances - mix.Instances, chance, lost);
        var (kept, shallowGone, deepGone, gone) = mix.Deep > 0 ? (spares, none, none, none) : (none, none, spares, none);
        int s = 0, d = 0;
        while (s < shallowBounds.Length - 1 || d < deepBounds.Length - 1)
        {
            int layer = Math.Min(s < shallowBounds.Length - 1 ? shallowBounds[s] : int.MaxValue, d < deepBounds.Length - 1 ? deepBounds[d] : int.MaxValue);
            for (; s < shallowBounds.Length - 1 && shallowBounds[s] == layer; s++)
            {
                double[] deepHolds = Sum(kept, shallowGone), deepMisses = Sum(deepGone, gone);
                (kept, shallowGone) = (LossChances.Product(deepHolds, shallow.Kept, lost), LossChances.Product(deepHolds, shallow.Gone, lost));
                (deepGone, gone) = (LossChances.Product(deepMisses, shallow.Kept, lost), LossChances.Product(deepMisses, shallow.Gone, lost));
            }

            for (; d < deepBounds.Length - 1 && deepBounds[d] == layer; d++)
            {
                double[] shallowHolds = Sum(kept, deepGone), shallowMisses = Sum(shallowGone, gone);
                (kept, deepGone) = (LossChances.Product(shallowHolds, deep.Kept, lost), LossChances.Product(shallowHolds, deep.Gone, lost));
                (shallowGone, gone) = (LossChances.Product(shallowMisses, deep.Kept, lost), LossChances.Product(shallowMisses, deep.Gone, lost));
            }

            if (layer < shallowBounds[^1]) gone = none;
        }

        double all = LossPolynomial.Chances(instances, chance, lost)[lost];
        return Math.Min(1, (kept[lost] + shallowGone[lost] + deepGone[lost] + gone[lost]) / all);
    }

    /// <summary>Whether it is so when just these are lost: instances in order serve the stages of the first shallow pipeline, of the next, and so on, then of the deep ones.</summary>
    public static bool AnyLayerLost(PipelineMix mix, int[][] bounds, ReadOnlySpan<bool> lost)
    {
        int layers = bounds[mix.Shallow.Depth][^1];
        Span<bool> held = layers <= 1024 ? stackalloc bool[layers] : new bool[layers];
        held.Clear();
        for (int k = 0; k < mix.Instances; k++)
        {
            if (lost[k]) continue;
            int[] stages = k < mix.Shallow.Instances ? bounds[mix.Shallow.Depth] : bounds[mix.DeepDepth];
            int stage = k < mix.Shallow.Instances ? k % mix.Shallow.Depth : (k - mix.Shallow.Instances) % mix.DeepDepth;
            held[stages[stage]..stages[stage + 1]].Fill(true);
        }

        return held.Contains(false);
    }

    private static (double[] Kept, double[] Gone) Stage(int replicas, double chance, int degree)
    {
        var kept = LossPolynomial.Chances(replicas, chance, degree);
        var gone = new double[degree + 1];
        if (replicas <= degree) (gone[replicas], kept[replicas]) = (kept[replicas], 0);
        return (kept, gone);
    }

    private static double[] Sum(double[] left, double[] right)
    {
        var sum = new double[left.Length];
        for (int i = 0; i < sum.Length; i++) sum[i] = left[i] + right[i];
        return sum;
    }
}
