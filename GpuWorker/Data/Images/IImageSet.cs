namespace Parcae.GpuWorker.Data;

/// <summary>Square images and their classes.</summary>
internal interface IImageSet : IDisposable
{
    /// <summary>Colours of an image.</summary>
    int Channels { get; }

    /// <summary>Height and width of an image.</summary>
    int Size { get; }

    /// <summary>The value of a black pixel in each channel.</summary>
    ReadOnlySpan<float> Black { get; }

    /// <summary>Reads an image.</summary>
    /// <param name="record">Which one.</param>
    /// <param name="number">Number of the sample that it is for.</param>
    /// <param name="pixels">Receives <c>[channels, size, size]</c> values.</param>
    /// <returns>The class, and a hash of the number and of the content.</returns>
    (long Class, ulong Checksum) Read(long record, long number, Span<float> pixels);
}
