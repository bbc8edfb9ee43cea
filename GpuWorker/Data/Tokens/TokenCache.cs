using System.Globalization;
using System.IO.Hashing;
using System.Text;

namespace Parcae.GpuWorker.Data;

/// <summary>
/// The token cache of a machine: one <see cref="TokenFile"/> per text source and tokenizer. Built under a lock that all of the machine's processes share, and put in
/// place by a rename: a file under its name is whole, and damage since then shows when it is opened, which reads all of it.
/// </summary>
internal static class TokenCache
{
    // Grows with any change to how text becomes tokens.
    private const int FormatVersion = 2;
    private const string Setting = "data.cacheFolder";

    /// <summary>Bytes of text between two reports of progress.</summary>
    private const long ReportEvery = 64 << 20;

    /// <summary>The source's cache file, open at any place, built if need be.</summary>
    /// <param name="source">The text.</param>
    /// <param name="tokenizer">Makes the tokens.</param>
    /// <param name="folder">Where the cache is.</param>
    /// <param name="progress">Told the bytes of text that are tokens now, every 64 MiB of a build.</param>
    /// <exception cref="InvalidDataException">The source has no text or cannot be read, or the folder cannot be used.</exception>
    public static (FileStream File, TokenFile Header) Ensure(ITextSource source, ITokenizer tokenizer, string folder, Action<long>? progress)
    {
        DataFiles.Guard(() => Directory.CreateDirectory(folder), folder, Setting);
        var path = Path.Combine(folder, $"{Key(source, tokenizer)}.tokens");
        if (TryOpen(path, tokenizer) is { } valid) return valid;

        using var mutex = new Mutex(initiallyOwned: false, $@"Global\parcae-{Convert.ToHexString(XxHash128.Hash(Encoding.UTF8.GetBytes(Path.GetFullPath(path))))}");
        try
        {
            mutex.WaitOne();
        }
        catch (AbandonedMutexException)
        {
            // Its holder was killed while building. The lock is ours now, and what it left is a temporary file that nobody reads.
        }

        try
        {
            // Another worker may have built it meanwhile.
            if (TryOpen(path, tokenizer) is { } built) return built;
            Build(source, tokenizer, path, progress);
            return TryOpen(path, tokenizer) ?? throw new InvalidDataException($"{Setting}: {path} was written and is damaged already: {folder} does not keep what is written to it.");
        }
        finally
        {
            mutex.ReleaseMutex();
        }
    }

    // The name stands for everything that the tokens depend on.
    private static string Key(ITextSource source, ITokenizer tokenizer)
    {
        var hash = new XxHash128();
        void Add(string text) => hash.Append(Encoding.UTF8.GetBytes(text + "\n"));
        Add(FormatVersion.ToString(CultureInfo.InvariantCulture));
        Add(source.Kind);
        Add(tokenizer.Fingerprint);
        foreach (var file in source.Files) Add($"{file.FullName}|{file.Length}|{file.LastWriteTimeUtc.Ticks}");
        return Convert.ToHexStringLower(hash.GetCurrentHash());
    }

    private static void Build(ITextSource source, ITokenizer tokenizer, string path, Action<long>? progress)
    {
        var temporary = path + ".tmp"; // the lock is ours; a killed builder's is removed
        try
        {
            File.Delete(temporary);
            using (var file = new FileStream(temporary, FileMode.CreateNew, FileAccess.Write, FileShare.None, 1 << 20))
            {
                var writer = new TokenFileWriter(tokenizer, file);
                long bytes = 0;
                source.Read(text =>
                {
                    writer.Add(text);
                    if (bytes / ReportEvery != (bytes + text.Length) / ReportEvery) progress?.Invoke(bytes + text.Length);
                    bytes += text.Length;
                });
                if (bytes == 0) throw new InvalidDataException($"{source.Description} holds no text.");
                writer.Finish();
                file.Flush(flushToDisk: true);
            }

            File.Move(temporary, path, overwrite: true);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new InvalidDataException($"{Setting}: the token cache {path} cannot be written: {e.Message}", e);
        }
        finally
        {
            if (File.Exists(temporary)) File.Delete(temporary);
        }
    }

    // What is read is what is mapped: the same open file, so a rename in between changes nothing.
    private static (FileStream File, TokenFile Header)? TryOpen(string path, ITokenizer tokenizer)
    {
        if (!Path.Exists(path)) return null;
        if (FileEntries.Of(path, Setting).Kind != FileEntryKind.File) return null;
        var file = DataFiles.Open(path, Setting);
        try
        {
            if (TokenFile.ReadValid(file, tokenizer.Vocabulary) is { } header) return (file, header);
        }
        catch
        {
            file.Dispose();
            throw;
        }

        file.Dispose();
        return null;
    }
}
