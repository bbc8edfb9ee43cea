using System.IO.MemoryMappedFiles;
using Parcae.Grains;

namespace Parcae.GpuWorker.Data;

/// <summary>The tokens of a job's text, one byte each, memory-mapped from a cache that all workers of a machine share.</summary>
public sealed unsafe class TokenDataset : IDisposable
{
    private readonly MemoryMappedFile _file;
    private readonly MemoryMappedViewAccessor _view;
    private readonly byte* _start;

    private TokenDataset(string path)
    {
        var header = TokenCache.ReadHeader(path) ?? throw new InvalidDataException($"{path} is not a complete token cache.");
        _file = MemoryMappedFile.CreateFromFile(path, FileMode.Open, null, 0, MemoryMappedFileAccess.Read);
        _view = _file.CreateViewAccessor(0, 0, MemoryMappedFileAccess.Read);
        _view.SafeMemoryMappedViewHandle.AcquirePointer(ref _start);
        _start += TokenCache.HeaderSize;
        Count = header.Tokens;
    }

    /// <summary>Number of tokens.</summary>
    public long Count { get; }

    /// <summary>Opens the text, from its cache when there is one.</summary>
    /// <exception cref="FileNotFoundException">A path does not exist, or there is no default text on this machine.</exception>
    /// <exception cref="InvalidDataException">There are too few tokens for one sample.</exception>
    public static TokenDataset Open(DataSpec data, int sequenceLength)
    {
        ArgumentNullException.ThrowIfNull(data);
        var sources = TextSource.For(data);
        var dataset = new TokenDataset(TokenCache.Ensure(sources, data.CacheFolder));
        if (dataset.Count > sequenceLength) return dataset;
        long count = dataset.Count;
        dataset.Dispose();
        string names = data.Paths.Length == 0 ? "the default text" : string.Join(", ", data.Paths);
        throw new InvalidDataException($"{names} has {count} tokens; a sample of {sequenceLength} tokens needs at least {sequenceLength + 1}.");
    }

    /// <summary>The tokens [from, from + count).</summary>
    public ReadOnlySpan<byte> Slice(long from, int count)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(from);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(from + count, Count);
        return new(_start + from, count);
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _view.SafeMemoryMappedViewHandle.ReleasePointer();
        _view.Dispose();
        _file.Dispose();
    }
}
