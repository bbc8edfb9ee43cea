namespace Parcae.Liveput.Preemption;

/// <summary>Between which numbers the losses of the worst stage lie, so that the rest need not be computed.</summary>
internal readonly struct WorstStageBounds
{
    /// <summary>What may be left out on either side.</summary>
    private const double Negligible = 1e-17;

    /// <summary>Bounds for k of N lost from D x P.</summary>
    /// <remarks>
    /// Losses without replacement are negatively associated: the chance that all P stages lose at most a is at most the P-th power of the chance for one of them; and it is at least one minus P
    /// times the chance that one loses more.
    /// </remarks>
    public WorstStageBounds(int pipelines, int depth, int instances, int lost)
    {
        var (low, chances) = Hypergeometric.Distribution(instances, pipelines, lost, 1e-40);
        double atMost = 0;
        int index = 0;
        while (index < chances.Length && Math.Pow(atMost + chances[index], depth) < Negligible) atMost += chances[index++];
        int spares = instances - (pipelines * depth);
        First = Math.Max(low + index, (lost - spares + depth - 1) / depth);
        double more = 0;
        index = chances.Length;
        while (index > 1 && depth * (more + chances[index - 1]) < Negligible) more += chances[--index];
        Last = Math.Max(First, low + index - 1);
    }

    /// <summary>The worst stage loses fewer with a chance under 1e-17.</summary>
    public int First { get; }

    /// <summary>The worst stage loses more with a chance under 1e-17.</summary>
    public int Last { get; }
}
