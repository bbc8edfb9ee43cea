using static TorchSharp.torch;

namespace Parcae.GpuWorker.Numerics;

/// <summary>
/// Deals work on host memory out to as many threads as Torch may use, in blocks of a fixed size: where the blocks lie does not depend on the number of threads, so neither does what is computed
/// block by block.
/// </summary>
internal static class HostBlocks
{
    /// <summary>Elements of a block, the last one excepted.</summary>
    public const int Size = 1 << 16;

    /// <summary>What is done with a block.</summary>
    /// <param name="block">Its number.</param>
    /// <param name="from">Where it begins among all elements.</param>
    /// <param name="elements">Its elements.</param>
    public delegate void Work(int block, int from, ReadOnlySpan<float> elements);

    /// <summary>Number of blocks of so many elements.</summary>
    public static int Count(int length) => (length + Size - 1) / Size;

    /// <summary>Does the work for every block; returns when all are done.</summary>
    public static unsafe void Run(ReadOnlySpan<float> all, Work work)
    {
        int length = all.Length, blocks = Count(length), threads = Math.Min(get_num_threads(), blocks);
        if (threads <= 1)
        {
            for (int block = 0; block < blocks; block++) work(block, block * Size, all.Slice(block * Size, Math.Min(Size, length - block * Size)));
            return;
        }

        fixed (float* pinned = all)
        {
            // Stays pinned until all threads are done.
            nint start = (nint)pinned;
            Parallel.For(0, blocks, new ParallelOptions { MaxDegreeOfParallelism = threads }, block =>
                work(block, block * Size, new ReadOnlySpan<float>((float*)start + block * Size, Math.Min(Size, length - block * Size))));
        }
    }
}
