using Parcae.GpuWorker.Models;

namespace Parcae.GpuWorker.Data;

/// <summary>
/// The order of the samples, a pure function of the seed: training records 0 .. Training-1, each once per epoch, shuffled anew for each; the validation records, which
/// come after them, always in the same order.
/// </summary>
/// <param name="Training">Records that are trained on, at least 1.</param>
/// <param name="Validation">Records that are kept from training.</param>
/// <param name="Seed">Fixes the order.</param>
internal sealed record SampleOrder(long Training, long Validation, int Seed)
{
    /// <summary>Keeps the last records from training.</summary>
    /// <param name="records">All records.</param>
    /// <param name="fraction">Share of the records to keep, in [0, 1); at least one record is kept where it is above 0.</param>
    /// <param name="seed">Fixes the order.</param>
    /// <param name="what">What the records are, for messages.</param>
    /// <exception cref="InvalidDataException">The fraction is none, or nothing is left to train on.</exception>
    public static SampleOrder Split(long records, double fraction, int seed, string what)
    {
        if (fraction is not (>= 0 and < 1)) throw new InvalidDataException($"data.validationFraction: {fraction} is not valid; it must be in [0, 1).");
        long validation = fraction == 0 ? 0 : Math.Max(1, (long)(records * fraction));
        if (records - validation < 1) throw new InvalidDataException($"Of {records} {what}, {validation} are kept for validation (data.validationFraction {fraction}): nothing is left to train on.");
        return new SampleOrder(records - validation, validation, seed);
    }

    /// <summary>The record of a training sample: a permutation of all training records in every epoch.</summary>
    /// <param name="sample">Number of the sample since the job began.</param>
    public long Record(long sample)
    {
        var (epoch, position) = Math.DivRem(sample, Training);
        return new Permutation(Training, Mixing.Seed(Seed, epoch)).At(position);
    }
}
