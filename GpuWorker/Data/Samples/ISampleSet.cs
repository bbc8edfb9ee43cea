using static TorchSharp.torch;

namespace Parcae.GpuWorker.Data;

/// <summary>Which sample to make.</summary>
/// <param name="Record">What it is made from: 0 .. Count-1.</param>
/// <param name="Number">Number of the sample since the job began; of a validation sample, its number among them.</param>
/// <param name="Seed">Fixes everything about it that is drawn at random.</param>
/// <param name="Training">Whether it is trained on; validation samples are never augmented.</param>
internal readonly record struct SampleDraw(long Record, long Number, ulong Seed, bool Training);

/// <summary>Makes samples from records. Every sample is a pure function of its draw; safe to use from several threads.</summary>
internal interface ISampleSet : IDisposable
{
    /// <summary>Shape of a sample's input, without the micro-batch dimension.</summary>
    long[] InputShape { get; }

    /// <summary>Type of a sample's input: int64 tokens or float32 pixels.</summary>
    ScalarType InputType { get; }

    /// <summary>Shape of a sample's targets, without the micro-batch dimension.</summary>
    long[] TargetShape { get; }

    /// <summary>Makes a sample.</summary>
    /// <param name="draw">Which one.</param>
    /// <param name="input">Receives the input.</param>
    /// <param name="targets">Receives the targets.</param>
    /// <returns>Hash of the sample's number and of the record's content.</returns>
    ulong Write(SampleDraw draw, Span<byte> input, Span<long> targets);
}
