using System.Runtime.InteropServices;
using static TorchSharp.torch;

namespace Parcae.GpuWorker.Data;

/// <summary>Samples of an image model: float32 images <c>[channels, size, size]</c> and their classes.</summary>
/// <param name="images">The images.</param>
/// <param name="augment">Whether training images are mirrored and shifted at random.</param>
internal sealed class ImageSamples(IImageSet images, bool augment) : ISampleSet
{
    public long[] InputShape => [images.Channels, images.Size, images.Size];

    public ScalarType InputType => ScalarType.Float32;

    public long[] TargetShape => [];

    public ulong Write(SampleDraw draw, Span<byte> input, Span<long> targets)
    {
        var pixels = MemoryMarshal.Cast<byte, float>(input);
        (targets[0], ulong checksum) = images.Read(draw.Record, draw.Number, pixels);
        if (augment && draw.Training) Augmentation.Draw(draw.Seed, images.Size).Apply(pixels, images.Size, images.Black);
        return checksum;
    }

    public void Dispose() => images.Dispose();
}
