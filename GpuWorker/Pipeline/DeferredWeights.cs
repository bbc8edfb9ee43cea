namespace Parcae.GpuWorker.Pipeline;

/// <summary>
/// Micro-batches whose weight gradients are still to be computed: work without which nobody waits, kept for the bubbles of the pipeline (zero bubble pipeline
/// parallelism, Qi et al. 2024, schedule ZB-H1). A stage defers at most as many as there are stages before it, so that no stage keeps more micro-batches than
/// the first one has in flight under 1F1B anyway. Which micro-batch is computed when changes no sum.
/// </summary>
/// <param name="most">Micro-batches that are deferred at a time; 0: the backward pass is not split.</param>
internal sealed class DeferredWeights(int most)
{
    private readonly Queue<int> _microBatches = [];

    /// <summary>Whether weight gradients are split off the backward pass.</summary>
    public bool Splits => most > 0;

    /// <summary>Whether any are left.</summary>
    public bool Any => _microBatches.Count > 0;

    /// <summary>Whether to compute one now: too many are left, or the thread would wait.</summary>
    public bool ShouldRun(Func<bool> nextIsReady) => _microBatches.Count > most || (_microBatches.Count > 0 && !nextIsReady());

    public void Add(int microBatch) => _microBatches.Enqueue(microBatch);

    public int Take() => _microBatches.Dequeue();
}
