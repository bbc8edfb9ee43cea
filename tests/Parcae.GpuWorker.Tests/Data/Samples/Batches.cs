using Parcae.GpuWorker.Data;
using Parcae.GpuWorker.Numerics;

namespace Parcae.GpuWorker.Tests.Data;

/// <summary>Looks into micro-batches.</summary>
internal static class Batches
{
    /// <summary>Inputs, targets and checksum, samples one after the other.</summary>
    public static (byte[] Inputs, byte[] Targets, ulong Checksum) Content(this MicroBatch batch)
    {
        using (batch) return (batch.Inputs.Bytes().ToArray(), batch.Targets.Bytes().ToArray(), batch.Checksum);
    }

    /// <summary>The samples of a whole step.</summary>
    public static (byte[] Inputs, byte[] Targets, ulong Checksum) Step(this IBatchSource source, int step, int microBatches)
    {
        var parts = Enumerable.Range(0, microBatches).Select(i => source.MicroBatch(step, i).Content()).ToArray();
        return ([.. parts.SelectMany(p => p.Inputs)], [.. parts.SelectMany(p => p.Targets)], parts.Aggregate(0UL, (sum, p) => sum + p.Checksum));
    }

    /// <summary>The tokens of a micro-batch's inputs or targets.</summary>
    public static long[] Longs(byte[] bytes) => [.. bytes.Chunk(8).Select(b => BitConverter.ToInt64(b))];

    /// <summary>The pixels of a micro-batch's inputs.</summary>
    public static float[] Floats(byte[] bytes) => [.. bytes.Chunk(4).Select(b => BitConverter.ToSingle(b))];
}
