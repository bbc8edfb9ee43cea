using static TorchSharp.torch;

namespace Parcae.GpuWorker.Models;

/// <summary>
/// Dropout of one layer for one micro-batch, drawn from a generator of its own that is seeded by (seed, step, micro-batch, layer): the same
/// elements are dropped whoever runs the layer, and again when a step is run again. Torch's process-wide generator is never touched on the CPU. TorchSharp makes no
/// generators for GPUs: there Torch's own is seeded for every mask, and nothing else may rely on it.
/// </summary>
public sealed class Dropout : IDisposable
{
    /// <summary>Drops nothing.</summary>
    public static readonly Dropout None = new();

    // One at a time seeds Torch's generators for GPUs and draws: a kernel is given its random state when it is launched.
    private static readonly Lock Gpus = new();

    private readonly double _probability;
    private readonly ulong _seed;
    private Generator? _generator;
    private int _masks;

    /// <summary>Dropout of one layer for one micro-batch.</summary>
    /// <param name="probability">In [0, 1).</param>
    /// <param name="seed">The job's seed.</param>
    /// <param name="step">The step.</param>
    /// <param name="microBatch">Index of the micro-batch in the global batch.</param>
    /// <param name="layer">The layer.</param>
    public Dropout(double probability, int seed, int step, int microBatch, int layer)
    {
        _probability = probability;
        _seed = Mixing.Seed(seed, step, microBatch, layer);
    }

    private Dropout()
    {
    }

    /// <summary>Drops elements of <paramref name="x"/> and scales the others up so that the expectation stays.</summary>
    public Tensor Apply(Tensor x)
    {
        ArgumentNullException.ThrowIfNull(x);
        if (_probability == 0) return x;
        using var mask = Draw(empty_like(x)).OverInPlace(1 - _probability);
        return x * mask;
    }

    private Tensor Draw(Tensor mask)
    {
        if (mask.device_type == TorchSharp.DeviceType.CPU)
        {
            _generator ??= new Generator(_seed, CPU);
            return mask.bernoulli_(1 - _probability, _generator);
        }

        lock (Gpus)
        {
            cuda.manual_seed_all((long)unchecked(_seed + (ulong)_masks++));
            return mask.bernoulli_(1 - _probability);
        }
    }

    /// <inheritdoc/>
    public void Dispose() => _generator?.Dispose();
}
