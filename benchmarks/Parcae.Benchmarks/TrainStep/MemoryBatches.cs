using Parcae.GpuWorker.Data;
using TorchSharp;
using static TorchSharp.torch;

namespace Parcae.Benchmarks.TrainStep;

/// <summary>Random tokens that lie in memory: the same micro-batches in every step.</summary>
internal sealed class MemoryBatches : IBatchSource
{
    private readonly (Tensor Inputs, Tensor Targets)[] _batches;
    private readonly int _samples;

    /// <summary>Draws the tokens.</summary>
    /// <param name="samples">Samples of a micro-batch.</param>
    /// <param name="microBatches">M.</param>
    /// <param name="sequence">Tokens of a sample.</param>
    /// <param name="vocabulary">Number of tokens.</param>
    public MemoryBatches(int samples, int microBatches, int sequence, int vocabulary)
    {
        using var generator = new Generator(1, CPU);
        _samples = samples;
        _batches = [.. Enumerable.Range(0, microBatches).Select(_ =>
        {
            using var tokens = randint(0, vocabulary, [samples, sequence + 1], ScalarType.Int64, generator: generator);
            using var inputs = tokens.narrow(1, 0, sequence);
            using var targets = tokens.narrow(1, 1, sequence);
            return (inputs.contiguous(), targets.contiguous());
        })];
    }

    public MicroBatch MicroBatch(int step, int microBatch)
    {
        var (inputs, targets) = _batches[microBatch];
        return new MicroBatch(inputs.alias(), targets.alias(), 0, _samples);
    }

    public MicroBatch Validation(int microBatch) => throw new InvalidOperationException("No samples are kept for validation.");

    public void Dispose()
    {
        foreach (var (inputs, targets) in _batches)
        {
            inputs.Dispose();
            targets.Dispose();
        }
    }
}
