using System.IO.Hashing;
using Parcae.GpuWorker.Pipeline;
using Parcae.Grains;

namespace Parcae.GpuWorker.Checkpoints;

/// <summary>
/// The results of the steps before a checkpoint, beside it: the job saves results only now and then, and where all who know them die at once the checkpoint is what is left. Results of 49 bytes in order of step, then the XxHash128
/// of all that.
/// </summary>
internal static class StepResultFile
{
    /// <summary>More than any file has, bytes.</summary>
    public const int MaxBytes = 64 << 20;

    private const int HashSize = 16;

    /// <summary>Writes a file; it appears whole or not at all.</summary>
    /// <exception cref="IOException">It could not be written.</exception>
    public static void Write(string path, IReadOnlyList<StepResult> results)
    {
        byte[] content = [.. results.SelectMany(StepResultCodec.ToBytes)];
        DurableFile.Write(path, file =>
        {
            file.Write(content);
            file.Write(XxHash128.Hash(content));
        });
    }

    /// <summary>Reads a file. Empty where there is none, or where it is damaged: the state itself does not need it.</summary>
    public static IReadOnlyList<StepResult> Read(string path) => File.Exists(path) ? Parse(File.ReadAllBytes(path)) : [];

    /// <summary>Reads the contents of a file. Empty where they are damaged.</summary>
    public static IReadOnlyList<StepResult> Parse(byte[] all)
    {
        int length = all.Length - HashSize;
        if (length < 0 || length % StepResultCodec.Size != 0 || !XxHash128.Hash(all.AsSpan(0, length)).AsSpan().SequenceEqual(all.AsSpan(length))) return [];
        return [.. Enumerable.Range(0, length / StepResultCodec.Size).Select(i => StepResultCodec.FromBytes(all.AsSpan(i * StepResultCodec.Size, StepResultCodec.Size)))];
    }
}
