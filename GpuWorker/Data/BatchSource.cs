using System.Buffers.Binary;
using System.IO.Hashing;
using Parcae.GpuWorker.Models;
using Parcae.Grains;
using TorchSharp;
using static TorchSharp.torch;

namespace Parcae.GpuWorker.Data;

/// <summary>One micro-batch.</summary>
/// <param name="Tokens">int64 <c>[microBatch, sequence]</c>.</param>
/// <param name="Targets">int64 <c>[microBatch, sequence]</c>: the token that follows each.</param>
/// <param name="Checksum">Sum (mod 2^64) over the samples of a hash of the sample's number and tokens.</param>
/// <param name="Samples">Number of samples.</param>
public sealed record MicroBatch(Tensor Tokens, Tensor Targets, ulong Checksum, int Samples) : IDisposable
{
    /// <inheritdoc/>
    public void Dispose()
    {
        Tokens.Dispose();
        Targets.Dispose();
    }
}

/// <summary>
/// The order of the data: global batch s is a pure function of (seed, s), so it can be resumed at any step and no plan can change it. Each epoch visits every
/// window of the text once, in an order of its own.
/// </summary>
public sealed class BatchSource : IDisposable
{
    private readonly TokenDataset _data;
    private readonly TrainingSpec _training;
    private readonly int _sequence;
    private readonly long _windows;

    private BatchSource(TokenDataset data, TrainingSpec training, int sequence)
    {
        (_data, _training, _sequence) = (data, training, sequence);
        _windows = (data.Count - 1) / sequence;
    }

    /// <summary>Opens a job's data; for errors see <see cref="TokenDataset.Open"/>.</summary>
    public static BatchSource Open(JobSpec spec)
    {
        ArgumentNullException.ThrowIfNull(spec);
        return new(TokenDataset.Open(spec.Data, spec.Model.SequenceLength), spec.Training, spec.Model.SequenceLength);
    }

    /// <summary>A micro-batch of a step.</summary>
    /// <param name="step">The step.</param>
    /// <param name="microBatch">0 .. M-1.</param>
    public MicroBatch MicroBatch(int step, int microBatch)
    {
        int samples = _training.MicroBatchSize;
        var tokens = new long[samples * _sequence];
        var targets = new long[samples * _sequence];
        ulong checksum = 0;
        for (int i = 0; i < samples; i++)
        {
            long sample = (long)step * _training.GlobalBatch + (long)microBatch * samples + i;
            var window = _data.Slice(Window(sample) * _sequence, _sequence + 1);
            for (int t = 0; t < _sequence; t++)
            {
                tokens[i * _sequence + t] = window[t];
                targets[i * _sequence + t] = window[t + 1];
            }
            checksum = unchecked(checksum + XxHash3.HashToUInt64(window, sample));
        }
        long[] shape = [samples, _sequence];
        return new(tensor(tokens, shape).DetachFromDisposeScope(), tensor(targets, shape).DetachFromDisposeScope(), checksum, samples);
    }

    /// <summary>Which window of the text a sample is.</summary>
    public long Window(long sample)
    {
        var (epoch, position) = Math.DivRem(sample, _windows);
        return Permutation.Apply(position, _windows, Mixing.Seed(_training.Seed, epoch));
    }

    /// <inheritdoc/>
    public void Dispose() => _data.Dispose();
}
