using Parcae.GpuWorker.Transport;
using static TorchSharp.torch;

namespace Parcae.GpuWorker.Collectives;

/// <summary>
/// Sums gradients over the replicas of a stage. One call at a time, from any thread; others may use the same mesh meanwhile. Every replica calls it for the same
/// buckets in the same order.
/// </summary>
internal interface IAllReduce : IDisposable
{
    /// <summary>Sums one bucket.</summary>
    /// <param name="step">The step, which names the frames.</param>
    /// <param name="bucket">Which of the step's sums, which names the frames too.</param>
    /// <param name="own">The subtrees of this replica's block in order, flat float32 <c>[length]</c> each; spoilt afterwards.</param>
    /// <param name="sum">Receives the sum over all micro-batches, flat float32 <c>[length]</c>; none of <paramref name="own"/>.</param>
    /// <exception cref="MeshBrokenException">A replica is lost or has halted; <paramref name="sum"/> and <paramref name="own"/> are spoilt.</exception>
    void Run(int step, int bucket, IReadOnlyList<Tensor> own, Tensor sum);
}
