using Parcae.Grains;

namespace Parcae.GpuWorker.Data;

/// <summary>Opens the data that a job names.</summary>
public static class BatchSources
{
    /// <summary>Opens a job's data, building its token cache where it is missing or damaged.</summary>
    /// <exception cref="InvalidDataException">There is no such data, it is damaged, or not enough for one sample.</exception>
    public static IBatchSource Open(JobSpec spec)
    {
        ArgumentNullException.ThrowIfNull(spec);
        var data = TokenDataset.Open(spec.Data, spec.Model.SequenceLength);
        return new BatchSource(data, spec.Training.Seed, spec.Training.GlobalBatch, spec.Training.MicroBatches, spec.Model.SequenceLength);
    }
}
