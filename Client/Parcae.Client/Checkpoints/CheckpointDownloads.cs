using System.Globalization;
using System.IO.Hashing;

using Parcae.Grains;

namespace Parcae.Client;

/// <summary>Fetches checkpoints from the disks of the state vault.</summary>
public static class CheckpointDownloads
{
    private const int PieceBytes = 1 << 20, Tries = 3;

    /// <summary>
    /// Fetches a checkpoint into a folder, in pieces whose checksums are compared. What was fetched before an interruption is kept beside it (<c>*.part</c>) and not fetched again.
    /// </summary>
    /// <param name="client">The service.</param>
    /// <param name="jobId">The job; it may have ended.</param>
    /// <param name="folder">Where the file goes; made when it does not exist. A file of the same name is replaced.</param>
    /// <param name="step">Its step; null: the newest.</param>
    /// <param name="progress">Told the bytes that are there, and all of them.</param>
    /// <param name="cancellation">Ends it; what was fetched is kept.</param>
    /// <returns>The file: a safetensors file that also carries checksums of every tensor and of its header, which <c>parcae jobs export</c> and every use in training check.</returns>
    /// <exception cref="KeyNotFoundException">There is no such checkpoint; says which there are.</exception>
    /// <exception cref="InvalidDataException">A piece arrived damaged several times, or the file changed meanwhile.</exception>
    /// <exception cref="IOException">The file cannot be written.</exception>
    /// <example>
    /// <code>
    /// string file = await parcae.DownloadCheckpointAsync(job, "checkpoints/first");
    /// </code>
    /// </example>
    public static async Task<string> DownloadCheckpointAsync(
        this IParcaeClient client, string jobId, string folder, int? step = null, IProgress<(long Done, long All)>? progress = null, CancellationToken cancellation = default)
    {
        ArgumentNullException.ThrowIfNull(client);
        ArgumentException.ThrowIfNullOrWhiteSpace(folder);
        var all = await client.GetCheckpointsAsync(jobId, cancellation).ConfigureAwait(false);
        var checkpoint = all.LastOrDefault(c => step is null || c.Step == step) ?? throw new KeyNotFoundException(NotThere(jobId, step, all));
        _ = Directory.CreateDirectory(folder);
        string path = Path.Combine(folder, string.Create(CultureInfo.InvariantCulture, $"step-{checkpoint.Step:D10}.safetensors"));
        // Its length and time tell one file from another of the same name, such as a job's that was run again.
        string part = string.Create(CultureInfo.InvariantCulture, $"{path}.{checkpoint.WrittenAt.UtcTicks:x}-{checkpoint.Bytes:x}.part");
        using (var file = new FileStream(part, FileMode.OpenOrCreate, FileAccess.Write, FileShare.None, PieceBytes, useAsync: true))
        {
            if (file.Length > checkpoint.Bytes) file.SetLength(0);
            file.Position = file.Length;
            progress?.Report((file.Position, checkpoint.Bytes));
            while (file.Position < checkpoint.Bytes)
            {
                byte[] data = await PieceAsync(client, jobId, checkpoint, file.Position, cancellation).ConfigureAwait(false);
                await file.WriteAsync(data, cancellation).ConfigureAwait(false);
                progress?.Report((file.Position, checkpoint.Bytes));
            }

            file.Flush(flushToDisk: true);
        }

        File.Move(part, path, overwrite: true);
        return path;
    }

    private static async Task<byte[]> PieceAsync(IParcaeClient client, string jobId, JobCheckpoint checkpoint, long offset, CancellationToken cancellation)
    {
        int count = (int)Math.Min(PieceBytes, checkpoint.Bytes - offset);
        string? damage = null;
        for (int i = 0; i < Tries; i++)
        {
            var piece = await client.ReadCheckpointAsync(jobId, checkpoint, offset, count, cancellation).ConfigureAwait(false);
            if (piece.Length != checkpoint.Bytes || piece.WrittenAt != checkpoint.WrittenAt)
                throw new InvalidDataException($"The checkpoint of step {checkpoint.Step} was written anew on {checkpoint.InstanceId} at {piece.WrittenAt:O}, while it was fetched; fetch it again.");
            string actual = Convert.ToHexStringLower(XxHash128.Hash(piece.Data));
            if (actual == piece.Checksum && piece.Data.Length == count) return piece.Data;
            damage = $"{piece.Data.Length} of {count} bytes with checksum {actual}, sent with {piece.Checksum}";
        }

        throw new InvalidDataException($"The checkpoint of step {checkpoint.Step} arrives damaged from {checkpoint.InstanceId} at byte {offset}: {damage}.");
    }

    private static string NotThere(string jobId, int? step, JobCheckpoint[] all) =>
        $"The vault has no checkpoint of job {jobId}{(step is { } wanted ? $" at step {wanted}" : "")}; "
        + (all.Length > 0 ? $"there are some of steps {string.Join(", ", all.Select(c => c.Step).Distinct())}." : "it has none of this job at all.");
}
