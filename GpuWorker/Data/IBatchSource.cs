using static TorchSharp.torch;

namespace Parcae.GpuWorker.Data;

/// <summary>The samples of one micro-batch.</summary>
/// <param name="Inputs">int64 tokens <c>[microBatch, sequence]</c> or float32 images <c>[microBatch, channels, height, width]</c>, on the CPU.</param>
/// <param name="Targets">int64 <c>[microBatch, sequence]</c> tokens (-100: not to be predicted) or <c>[microBatch]</c> classes, on the CPU.</param>
/// <param name="Checksum">Sum modulo 2^64 of a hash of each sample's number and content: sums over micro-batches do not depend on who computed them.</param>
/// <param name="Samples">Number of samples.</param>
public sealed record MicroBatch(Tensor Inputs, Tensor Targets, ulong Checksum, int Samples) : IDisposable
{
    /// <inheritdoc/>
    public void Dispose()
    {
        Inputs.Dispose();
        Targets.Dispose();
    }
}

/// <summary>Deals samples to micro-batches: a pure function of (seed, step, micro-batch), whatever the plan.</summary>
public interface IBatchSource : IDisposable
{
    /// <summary>The training samples of one micro-batch of a step; the caller disposes of them.</summary>
    /// <param name="step">The step, from 0.</param>
    /// <param name="microBatch">0 .. M-1.</param>
    MicroBatch MicroBatch(int step, int microBatch);

    /// <summary>A micro-batch of validation samples, the same whenever it is asked for; numbers beyond the last one begin again with the first.</summary>
    /// <param name="microBatch">From 0.</param>
    /// <exception cref="InvalidOperationException">No samples are kept for validation.</exception>
    MicroBatch Validation(int microBatch);
}
