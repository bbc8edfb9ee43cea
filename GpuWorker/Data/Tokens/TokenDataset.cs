using System.Runtime.InteropServices;
using Parcae.Grains;

namespace Parcae.GpuWorker.Data;

/// <summary>
/// Text as tokens, memory-mapped from a cache file that all workers of a machine share. The cache is built by the first worker that needs it and named by a hash of
/// what it was made from, so changed files or another vocabulary make a new one.
/// </summary>
public sealed class TokenDataset : IDisposable
{
    private readonly MappedFile _file;
    private readonly int _width;

    private TokenDataset(FileStream file, TokenFile header, string description)
    {
        _file = new MappedFile(file);
        (Length, Fingerprint, _width, Description) = (header.Tokens, header.Checksum, header.Width, description);
    }

    /// <summary>Number of tokens.</summary>
    public long Length { get; }

    /// <summary>Hash of all tokens: workers with the same one train on the same data.</summary>
    public ulong Fingerprint { get; }

    /// <summary>Where the text is, for messages.</summary>
    public string Description { get; }

    /// <summary>Opens the data, building the token cache where it is missing or damaged.</summary>
    /// <param name="data">Where the text is.</param>
    /// <param name="tokenizer">Makes the tokens.</param>
    /// <param name="progress">Told the bytes of text that are tokens now, every 64 MiB of a build.</param>
    /// <exception cref="InvalidDataException">There is no such path, it cannot be read, or there is no text in it.</exception>
    public static TokenDataset Open(DataSpec data, ITokenizer tokenizer, Action<long>? progress = null)
    {
        ArgumentNullException.ThrowIfNull(data);
        ArgumentNullException.ThrowIfNull(tokenizer);
        ITextSource source = data.Paths.Length == 0 ? DotNetDocumentation.Locate() : new TextFiles(data.Paths);
        var folder = data.CacheFolder ?? Path.Combine(Path.GetTempPath(), $"parcae-data-{Environment.UserName}");
        var (file, header) = TokenCache.Ensure(source, tokenizer, folder, progress);
        return new TokenDataset(file, header, source.Description);
    }

    /// <summary>Reads the tokens [from, from + into.Length).</summary>
    /// <exception cref="ArgumentOutOfRangeException">There are not so many.</exception>
    public void Read(long from, Span<long> into)
    {
        var bytes = Raw(from, into.Length);
        switch (_width)
        {
            case 1:
                for (int i = 0; i < into.Length; i++) into[i] = bytes[i];
                break;
            case 2:
                var words = MemoryMarshal.Cast<byte, ushort>(bytes);
                for (int i = 0; i < into.Length; i++) into[i] = words[i];
                break;
            default:
                var numbers = MemoryMarshal.Cast<byte, int>(bytes);
                for (int i = 0; i < into.Length; i++) into[i] = numbers[i];
                break;
        }
    }

    /// <summary>The tokens [from, from + count) as they are stored: 1, 2 or 4 bytes each. Valid until the dataset is disposed.</summary>
    /// <exception cref="ArgumentOutOfRangeException">There are not so many.</exception>
    public ReadOnlySpan<byte> Raw(long from, int count)
    {
        if (from < 0 || count < 0 || from > Length - count)
            throw new ArgumentOutOfRangeException(nameof(from), $"Tokens {from}..{from + count - 1} are not among the {Length} there are.");
        return _file.Read(TokenFile.HeaderSize + from * _width, count * _width);
    }

    /// <inheritdoc/>
    public void Dispose() => _file.Dispose();
}
