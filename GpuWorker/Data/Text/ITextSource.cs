namespace Parcae.GpuWorker.Data;

/// <summary>Takes in a piece of text.</summary>
internal delegate void TextSink(ReadOnlySpan<byte> utf8);

/// <summary>Where text comes from.</summary>
internal interface ITextSource
{
    /// <summary>How the files are read; part of the cache's name.</summary>
    string Kind { get; }

    /// <summary>For messages.</summary>
    string Description { get; }

    /// <summary>The files in the order in which they are read.</summary>
    IReadOnlyList<FileInfo> Files { get; }

    /// <summary>Reads all text.</summary>
    void Read(TextSink sink);
}
