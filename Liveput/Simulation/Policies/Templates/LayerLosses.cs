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
        var none = LossPolynomial.Zero;
        var spares = LossPolynomial.Binomial(instances - mix.Instances, chance, 0, lost);
        var (kept, shallowGone, deepGone, gone) = mix.Deep > 0 ? (spares, none, none, none) : (none, none, spares, none);
        int s = 0, d = 0;
        while (s < shallowBounds.Length - 1 || d < deepBounds.Length - 1)
        {
            int layer = Math.Min(s < shallowBounds.Length - 1 ? shallowBounds[s] : int.MaxValue, d < deepBounds.Length - 1 ? deepBounds[d] : int.MaxValue);
            for (; s < shallowBounds.Length - 1 && shallowBounds[s] == layer; s++)
            {
                LossPolynomial deepHolds = kept.Plus(shallowGone), deepMisses = deepGone.Plus(gone);
                (kept, shallowGone) = (deepHolds.Times(shallow.Kept, 0, lost), deepHolds.Times(shallow.Gone, 0, lost));
                (deepGone, gone) = (deepMisses.Times(shallow.Kept, 0, lost), deepMisses.Times(shallow.Gone, 0, lost));
            }

            for (; d < deepBounds.Length - 1 && deepBounds[d] == layer; d++)
            {
                LossPolynomial shallowHolds = kept.Plus(deepGone), shallowMisses = shallowGone.Plus(gone);
                (kept, deepGone) = (shallowHolds.Times(deep.Kept, 0, lost), shallowHolds.Times(deep.Gone, 0, lost));
                (shallowGone, gone) = (shallowMisses.Times(deep.Kept, 0, lost), shallowMisses.Times(deep.Gone, 0, lost));
            }

            if (layer < shallowBounds[^1]) gone = none;
        }

        double all = LossPolynomial.Binomial(instances, chance, lost, lost)[lost];
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

    private static (LossPolynomial Kept, LossPolynomial Gone) Stage(int replicas, double chance, int degree) =>
        (LossPolynomial.Binomial(replicas, chance, 0, Math.Min(degree, replicas - 1)), LossPolynomial.Binomial(replicas, chance, replicas, degree));
}
