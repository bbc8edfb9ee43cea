namespace Parcae.GpuWorker.Pipeline;

/// <summary>One action of a stage within a step.</summary>
/// <param name="IsForward">Forward or backward pass.</param>
/// <param name="MicroBatch">Index within the global batch.</param>
internal readonly record struct PipelineAction(bool IsForward, int MicroBatch);

/// <summary>
/// One forward, one backward (1F1B): a stage runs ahead by as many forward passes as there are stages after it, then alternates, then drains.
/// At most <c>depth - stage</c> micro-batches are in flight on a stage.
/// </summary>
internal static class PipelineSchedule
{
    /// <summary>The actions of <paramref name="stage"/> for micro-batches [from, to), in order.</summary>
    public static IEnumerable<PipelineAction> OneForwardOneBackward(int depth, int stage, int from, int to)
    {
        int warmup = Math.Min(depth - 1 - stage, to - from);
        int forward = from, backward = from;
        while (forward < from + warmup) yield return new(true, forward++);
        while (forward < to)
        {
            yield return new(true, forward++);
            yield return new(false, backward++);
        }
        while (backward < to) yield return new(false, backward++);
    }
}
