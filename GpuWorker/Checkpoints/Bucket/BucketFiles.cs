using System.Buffers;
using System.Collections.Concurrent;
using Amazon.S3.Model;
using Microsoft.Extensions.Logging;

namespace Parcae.GpuWorker.Checkpoints;

/// <summary>Files to and from a bucket, in parts of which a few are under way at a time. What is uploaded appears whole in the bucket or not at all, what is downloaded in the folder.</summary>
internal sealed partial class BucketFiles(BucketClient client, ILogger logger)
{
    /// <summary>What names of files end in that are still being downloaded.</summary>
    public const string Unfinished = ".fetching";

    // Memory of a transfer is a part for each that is under way.
    private const int AtOnce = 4, MostParts = 10_000, ReadTries = 5;
    private const int Mebibyte = 1 << 20;
    private static readonly TimeSpan AbortPatience = TimeSpan.FromSeconds(5), ReadPause = TimeSpan.FromMilliseconds(250);

    /// <summary>Length of a part, bytes, where an object does not need longer ones. The default value is 16 MiB; S3 takes no less than 5 but for the last one.</summary>
    public int PartBytes { get; init; } = 16 * Mebibyte;

    /// <summary>Uploads a file as it is when this is called, whatever becomes of its name meanwhile.</summary>
    /// <exception cref="FileNotFoundException">There is none.</exception>
    public async Task UploadAsync(string path, string key, CancellationToken cancellation)
    {
        // Others may delete it, or put another one in its place.
        using var file = File.OpenHandle(path, FileMode.Open, FileAccess.Read, FileShare.Read | FileShare.Delete, FileOptions.Asynchronous);
        long length = RandomAccess.GetLength(file);
        if (length <= PartBytes)
        {
            byte[] all = new byte[length];
            await ReadAsync(all, 0);
            await client.PutAsync(key, all, cancellation);
            return;
        }

        int part = PartLength(length);
        string upload = await client.BeginAsync(key, cancellation);
        try
        {
            var done = new ConcurrentBag<PartETag>();
            await EachPartAsync(length, part, async (number, buffer, stop) =>
            {
                await ReadAsync(buffer, (long)number * part);
                done.Add(await client.PutPartAsync(key, upload, number + 1, buffer, stop));
            }, cancellation);
            await client.CompleteAsync(key, upload, done, cancellation);
        }
        catch
        {
            await AbortAsync(key, upload);
            throw;
        }

        async Task ReadAsync(Memory<byte> into, long offset)
        {
            while (into.Length > 0)
            {
                int read = await RandomAccess.ReadAsync(file, into, offset, cancellation);
                if (read == 0) throw new EndOfStreamException($"{path} ended at {offset} of {length} bytes.");
                (into, offset) = (into[read..], offset + read);
            }
        }
    }

    /// <summary>Downloads an object to a file, which has the object's time.</summary>
    public async Task DownloadAsync(BucketObject from, string path, CancellationToken cancellation)
    {
        string temporary = path + Unfinished;
        File.Delete(temporary); // of a process that was killed
        try
        {
            using (var file = File.OpenHandle(temporary, FileMode.CreateNew, FileAccess.Write, FileShare.None, FileOptions.Asynchronous, from.Bytes))
            {
                int part = PartLength(from.Bytes);
                await EachPartAsync(from.Bytes, part, async (number, buffer, stop) =>
                {
                    await ReadAsync(from, (long)number * part, buffer, stop);
                    await RandomAccess.WriteAsync(file, buffer, (long)number * part, stop);
                }, cancellation);
                RandomAccess.FlushToDisk(file);
                File.SetLastWriteTimeUtc(file, from.WrittenAt.UtcDateTime);
            }

            File.Move(temporary, path, overwrite: true);
        }
        catch
        {
            File.Delete(temporary);
            throw;
        }

        DurableFile.FlushFolder(Path.GetDirectoryName(Path.GetFullPath(path))!);
    }

    /// <summary>Reads a piece of an object, again where the connection ends before all of it is here.</summary>
    public async Task ReadAsync(BucketObject from, long offset, Memory<byte> into, CancellationToken cancellation)
    {
        for (int failed = 0; into.Length > 0; failed++)
        {
            try
            {
                await client.ReadAsync(from, offset, into, cancellation);
                return;
            }
            catch (Exception e) when (!cancellation.IsCancellationRequested && failed + 1 < ReadTries && !BucketClient.IsGone(e))
            {
                LogReadAgain(client.ToString(), from.Key, offset, BucketClient.Describe(e));
                await Task.Delay(ReadPause * (1 << failed), cancellation);
            }
        }
    }

    private static async Task EachPartAsync(long length, int part, Func<int, Memory<byte>, CancellationToken, Task> transfer, CancellationToken cancellation) => await Parallel.ForAsync(
        0, (int)((length + part - 1) / part), new ParallelOptions { MaxDegreeOfParallelism = AtOnce, CancellationToken = cancellation },
        async (number, stop) =>
        {
            byte[] buffer = ArrayPool<byte>.Shared.Rent(part);
            try
            {
                await transfer(number, buffer.AsMemory(0, (int)Math.Min(part, length - ((long)number * part))), stop);
            }
            finally
            {
                ArrayPool<byte>.Shared.Return(buffer);
            }
        });

    private int PartLength(long length) => (int)Math.Max(PartBytes, (length / MostParts / Mebibyte * Mebibyte) + Mebibyte);

    private async Task AbortAsync(string key, string upload)
    {
        try
        {
            using var limit = new CancellationTokenSource(AbortPatience);
            await client.AbortAsync(key, upload, limit.Token);
        }
        catch (Exception e)
        {
            // Its parts cost money until a rule of the bucket deletes them; the object is not there in any case.
            LogNotAborted(client.ToString(), key, BucketClient.Describe(e));
        }
    }

    [LoggerMessage(Level = LogLevel.Warning, Message = "{Bucket}: {Key} could not be read at byte {Offset}, and is read again: {Problem}")]
    private partial void LogReadAgain(string bucket, string key, long offset, string problem);

    [LoggerMessage(Level = LogLevel.Warning, Message = "{Bucket}: the parts of {Key} that were uploaded could not be deleted: {Problem}")]
    private partial void LogNotAborted(string bucket, string key, string problem);
}
