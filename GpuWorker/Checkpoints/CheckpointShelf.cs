using System.IO.Hashing;
using Parcae.Grains;

namespace Parcae.GpuWorker.Checkpoints;

/// <summary>Hands checkpoints out as they lie on the disk, in pieces. Whoever puts the pieces together has the file's own checksums to check them by.</summary>
internal static class CheckpointShelf
{
    // Whoever asks has no more than half a minute.
    private static readonly TimeSpan BucketPatience = TimeSpan.FromSeconds(5);

    /// <summary>The checkpoints of a job in a folder, and those that only the bucket has, ascending by step. A bucket that does not answer is left out.</summary>
    public static async Task<JobCheckpoint[]> ListAsync(CheckpointStore store, BucketShelf? bucket, string instanceId)
    {
        var here = store.Versions().Select(v => (Version: v, File: new FileInfo(store.PathOf(v)))).Where(c => c.File.Exists).Select(c => new JobCheckpoint(c.Version, c.File.Length, c.File.LastWriteTimeUtc, instanceId)).ToArray();
        if (bucket is null) return here;
        using var limit = new CancellationTokenSource(BucketPatience);
        var there = await bucket.TryListAsync(limit.Token);
        return [.. here.Concat(there.Where(c => !here.Any(h => h.Step == c.Key)).Select(c => new JobCheckpoint(c.Key, c.Value.Bytes, c.Value.WrittenAt, instanceId))).OrderBy(c => c.Step)];
    }

    /// <summary>A piece of a checkpoint's file.</summary>
    /// <param name="store">The job's checkpoints.</param>
    /// <param name="bucket">Where they may be too; null: nowhere.</param>
    /// <param name="step">Steps applied.</param>
    /// <param name="offset">Where it begins.</param>
    /// <param name="count">Bytes that are wanted, from 1 to <see cref="CheckpointPiece.MaxBytes"/>.</param>
    /// <exception cref="KeyNotFoundException">There is no checkpoint of that step; says which there are.</exception>
    /// <exception cref="ArgumentOutOfRangeException">The offset or the count is not valid.</exception>
    public static async Task<CheckpointPiece> ReadAsync(CheckpointStore store, BucketShelf? bucket, int step, long offset, int count)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(offset);
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(count);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(count, CheckpointPiece.MaxBytes);
        var versions = store.Versions();
        if (!versions.Contains(step) && bucket is not null) return await ReadAsync(bucket, step, offset, count);
        if (!versions.Contains(step))
            throw new KeyNotFoundException($"There is no checkpoint of step {step}; {(versions.Count > 0 ? $"there are some of steps {string.Join(", ", versions)}" : "there is none of this job here")}.");
        FolderGuard.RefuseLink(new DirectoryInfo(store.Folder));
        var file = new FileInfo(store.PathOf(step));
        FolderGuard.RefuseLink(file);
        using var handle = File.OpenHandle(file.FullName, options: FileOptions.Asynchronous);
        long length = RandomAccess.GetLength(handle);
        byte[] data = new byte[Math.Clamp(length - offset, 0, count)];
        int read = 0;
        while (read < data.Length)
        {
            int more = await RandomAccess.ReadAsync(handle, data.AsMemory(read), offset + read);
            if (more == 0) throw new IOException($"{file.FullName} ended at {offset + read} of {length} bytes.");
            read += more;
        }

        return new CheckpointPiece(data, Convert.ToHexStringLower(XxHash128.Hash(data)), length, File.GetLastWriteTimeUtc(handle));
    }

    private static async Task<CheckpointPiece> ReadAsync(BucketShelf bucket, int step, long offset, int count)
    {
        using var limit = new CancellationTokenSource(4 * BucketPatience);
        var there = await bucket.TryListAsync(limit.Token);
        if (!there.TryGetValue(step, out var checkpoint))
            throw new KeyNotFoundException($"There is no checkpoint of step {step}; {(there.Count > 0 ? $"the bucket has some of steps {string.Join(", ", there.Keys)}" : "there is none of this job here")}.");
        byte[] data = await bucket.ReadAsync(checkpoint, offset, count, limit.Token);
        return new CheckpointPiece(data, Convert.ToHexStringLower(XxHash128.Hash(data)), checkpoint.Bytes, checkpoint.WrittenAt);
    }
}
