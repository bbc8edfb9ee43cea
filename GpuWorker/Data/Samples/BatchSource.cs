using System.Runtime.InteropServices;
using Parcae.GpuWorker.Models;
using Parcae.GpuWorker.Numerics;
using Parcae.Grains;
using static TorchSharp.torch;

namespace Parcae.GpuWorker.Data;

/// <summary>
/// Deals samples to micro-batches. Global batch s is a pure function of (seed, s), whatever the plan: sample numbers s * globalBatch + 0, 1, ... run through the
/// training records in an order that is shuffled anew for each epoch.
/// </summary>
internal sealed class BatchSource : IBatchSource
{
    // Keep what is drawn for training and for validation apart.
    private const long TrainingDraws = 0x7472_6169_6e, ValidationDraws = 0x7661_6c69_64;

    private readonly ISampleSet _samples;
    private readonly SampleOrder _order;
    private readonly TrainingSpec _training;

    /// <summary>Deals samples.</summary>
    /// <param name="samples">Makes the samples; becomes this object's.</param>
    /// <param name="order">Which record is when.</param>
    /// <param name="training">The global batch and its micro-batches.</param>
    public BatchSource(ISampleSet samples, SampleOrder order, TrainingSpec training)
    {
        if (training.MicroBatches < 1 || training.GlobalBatch < 1 || training.GlobalBatch % training.MicroBatches != 0)
            throw new ArgumentException($"A global batch of {training.GlobalBatch} cannot be cut into {training.MicroBatches} micro-batches.", nameof(training));
        (_samples, _order, _training) = (samples, order, training);
    }

    /// <summary>Which record is when.</summary>
    public SampleOrder Order => _order;

    /// <inheritdoc/>
    public MicroBatch MicroBatch(int step, int microBatch)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(step);
        ArgumentOutOfRangeException.ThrowIfNegative(microBatch);
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual(microBatch, _training.MicroBatches);
        long first = (long)step * _training.GlobalBatch + (long)microBatch * _training.MicroBatchSize;
        return Make(i => new SampleDraw(_order.Record(first + i), first + i, Mixing.Seed(_training.Seed, TrainingDraws, first + i), Training: true));
    }

    /// <inheritdoc/>
    public MicroBatch Validation(int microBatch)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(microBatch);
        if (_order.Validation == 0)
            throw new InvalidOperationException("No samples are kept for validation: data.validationFraction is 0, and there is no test file beside the training data. Set it above 0.");
        return Make(i =>
        {
            long number = ((long)microBatch * _training.MicroBatchSize + i) % _order.Validation;
            return new SampleDraw(_order.Training + number, number, Mixing.Seed(_training.Seed, ValidationDraws, number), Training: false);
        });
    }

    /// <inheritdoc/>
    public void Dispose() => _samples.Dispose();

    private MicroBatch Make(Func<int, SampleDraw> draw)
    {
        int samples = _training.MicroBatchSize;
        var inputs = empty([samples, .. _samples.InputShape], _samples.InputType);
        var targets = empty([samples, .. _samples.TargetShape], ScalarType.Int64);
        var intoInputs = inputs.Bytes().Span;
        var intoTargets = MemoryMarshal.Cast<byte, long>(targets.Bytes().Span);
        int input = intoInputs.Length / samples, target = intoTargets.Length / samples;
        ulong checksum = 0;
        for (int i = 0; i < samples; i++) checksum += _samples.Write(draw(i), intoInputs.Slice(i * input, input), intoTargets.Slice(i * target, target));
        return new MicroBatch(inputs, targets, checksum, samples);
    }
}
