using static TorchSharp.torch;

namespace Parcae.GpuWorker.Models;

/// <summary>
/// Dropout of one layer for one micro-batch, drawn from a generator of its own that is seeded by (seed, step, micro-batch, layer): the same
/// elements are dropped whoever runs the layer, and again when a step is run again. Torch's process-wide generator is never touched.
/// </summary>
public sealed class Dropout : IDisposable
{
    /// <summary>Drops nothing.</summary>
    public static readonly Dropout None = new();

    private readonly double _probability;
    private readonly ulong _seed;
    private Generator? _generator;

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
        _generator ??= new Generator(_seed, x.device);
        using var mask = empty_like(x).bernoulli_(1 - _probability, _generator).OverInPlace(1 - _probability);
        return x * mask;
    }

    /// <inheritdoc/>
    public void Dispose() => _generator?.Dispose();
}
