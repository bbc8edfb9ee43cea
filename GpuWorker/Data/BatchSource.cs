using System.Buffers.Binary;
using System.IO.Hashing;
using System.Runtime.InteropServices;
using Parcae.GpuWorker.Models;
using Parcae.GpuWorker.Numerics;
using static TorchSharp.torch;

namespace Parcae.GpuWorker.Data;

/// <summary>
/// Deals a dataset's samples to micro-batches. Global batch s is a pure function of (seed, s), whatever the plan: sample numbers
/// s * globalBatch + 0, 1, ... run through the dataset's windows in an order that is shuffled anew for each epoch.
/// </summary>
public sealed class BatchSource : IBatchSource
{
    private readonly TokenDataset _dataset;
    private readonly int _seed;
    private readonly int _globalBatch;
    private readonly int _microBatches;
    private readonly int _sequence;

    /// <summary>Deals from a dataset.</summary>
    /// <param name="dataset">The tokens.</param>
    /// <param name="seed">Fixes the order of the windows.</param>
    /// <param name="globalBatch">Samples of a step.</param>
    /// <param name="microBatches">M; divides <paramref name="globalBatch"/>.</param>
    /// <param name="sequence">Tokens of a sample.</param>
    public BatchSource(TokenDataset dataset, int seed, int globalBatch, int microBatches, int sequence)
    {
        ArgumentNullException.ThrowIfNull(dataset);
        ArgumentOutOfRangeException.ThrowIfLessThan(microBatches, 1);
        ArgumentOutOfRangeException.ThrowIfLessThan(sequence, 1);
        if (globalBatch < 1 || globalBatch % microBatches != 0)
            throw new ArgumentException($"A global batch of {globalBatch} cannot be cut into {microBatches} micro-batches.", nameof(globalBatch));
        (_dataset, _seed, _globalBatch, _microBatches, _sequence) = (dataset, seed, globalBatch, microBatches, sequence);
        Windows = (dataset.Length - 1) / sequence;
        if (Windows < 1) throw new ArgumentException($"{dataset.Length} tokens are not enough for one sample of {sequence} and its targets.", nameof(dataset));
    }

    /// <summary>Samples in an epoch: windows of the dataset that do not overlap.</summary>
    public long Windows { get; }

    /// <summary>The samples of one micro-batch of a step; the caller disposes of them.</summary>
    public MicroBatch MicroBatch(int step, int microBatch)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(step);
        ArgumentOutOfRangeException.ThrowIfNegative(microBatch);
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual(microBatch, _microBatches);
        int samples = _globalBatch / _microBatches;
        long first = (long)step * _globalBatch + (long)microBatch * samples;
        var tokens = empty([samples, _sequence], ScalarType.Int64);
        var targets = empty([samples, _sequence], ScalarType.Int64);
        Span<long> into = MemoryMarshal.Cast<byte, long>(tokens.Bytes().Span), intoTargets = MemoryMarshal.Cast<byte, long>(targets.Bytes().Span);
        ulong checksum = 0;
        for (int i = 0; i < samples; i++)
        {
            var window = _dataset.Read(Window(first + i) * _sequence, _sequence + 1);
            for (int t = 0; t < _sequence; t++)
            {
                into[i * _sequence + t] = window[t];
                intoTargets[i * _sequence + t] = window[t + 1];
            }

            checksum += Hash(first + i, window);
        }

        return new MicroBatch(tokens, targets, checksum, samples);
    }

    /// <summary>The window of a sample: a permutation of all windows in every epoch.</summary>
    /// <param name="sample">Number of the sample since the job began.</param>
    public long Window(long sample)
    {
        var (epoch, position) = Math.DivRem(sample, Windows);
        return new Permutation(Windows, Mixing.Seed(_seed, epoch)).At(position);
    }

    private static ulong Hash(long sample, ReadOnlySpan<byte> tokens)
    {
        Span<byte> number = stackalloc byte[sizeof(long)];
        BinaryPrimitives.WriteInt64LittleEndian(number, sample);
        return XxHash3.HashToUInt64(tokens, (long)XxHash3.HashToUInt64(number));
    }

    /// <inheritdoc/>
    public MicroBatch Validation(int microBatch) => throw new InvalidOperationException("No samples are kept for validation.");

    /// <inheritdoc/>
    public void Dispose() => _dataset.Dispose();
}
