using System.IO.MemoryMappedFiles;
using Parcae.Grains;

namespace Parcae.GpuWorker.Data;

/// <summary>
/// Text as tokens, one per byte, memory-mapped from a cache file that all workers of a machine share. The cache is built by the first worker
/// that needs it and named by a hash of what it was made from, so changed files make a new one.
/// </summary>
public sealed unsafe class TokenDataset : IDisposable
{
    private readonly MemoryMappedFile _file;
    private readonly MemoryMappedViewAccessor _view;
    private readonly byte* _tokens;

    private TokenDataset(string path, TokenCache.Header header)
    {
        _file = MemoryMappedFile.CreateFromFile(path, FileMode.Open, mapName: null, 0, MemoryMappedFileAccess.Read);
        _view = _file.CreateViewAccessor(0, 0, MemoryMappedFileAccess.Read);
        byte* start = null;
        _view.SafeMemoryMappedViewHandle.AcquirePointer(ref start);
        _tokens = start + _view.PointerOffset + TokenCache.HeaderSize;
        (Length, Fingerprint) = (header.Tokens, header.Checksum);
    }

    /// <summary>Number of tokens.</summary>
    public long Length { get; }

    /// <summary>Hash of all tokens: workers with the same one train on the same data.</summary>
    public ulong Fingerprint { get; }

    /// <summary>Opens the data, building the token cache where it is missing or damaged.</summary>
    /// <param name="data">Where the text is.</param>
    /// <param name="sequenceLength">Tokens of a sample: the data must be enough for one.</param>
    /// <exception cref="InvalidDataException">There is no such path, no text in it, or not enough for one sample.</exception>
    public static TokenDataset Open(DataSpec data, int sequenceLength)
    {
        ArgumentNullException.ThrowIfNull(data);
        ArgumentOutOfRangeException.ThrowIfLessThan(sequenceLength, 1);
        ITextSource source = data.Paths.Length == 0 ? DotNetDocumentation.Locate() : new TextFiles(data.Paths);
        var (path, header) = TokenCache.Ensure(source, data.CacheFolder ?? Path.Combine(Path.GetTempPath(), $"parcae-data-{Environment.UserName}"));
        if (header.Tokens <= sequenceLength)
        {
            throw new InvalidDataException(
                $"{source.Description} has {header.Tokens} bytes of text; one sample of sequence length {sequenceLength} needs {sequenceLength + 1}.");
        }

        return new TokenDataset(path, header);
    }

    /// <summary>The tokens [from, from + count). Valid until the dataset is disposed.</summary>
    public ReadOnlySpan<byte> Read(long from, int count)
    {
        if (from < 0 || count < 0 || from > Length - count)
            throw new ArgumentOutOfRangeException(nameof(from), $"Tokens {from}..{from + count - 1} are not among the {Length} there are.");
        return new(_tokens + from, count);
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        if (!_view.SafeMemoryMappedViewHandle.IsClosed) _view.SafeMemoryMappedViewHandle.ReleasePointer();
        _view.Dispose();
        _file.Dispose();
    }
}
