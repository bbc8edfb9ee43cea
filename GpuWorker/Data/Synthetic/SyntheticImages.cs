using System.Runtime.InteropServices;
using Parcae.GpuWorker.Models;

namespace Parcae.GpuWorker.Data;

/// <summary>
/// Images with something to learn: a pattern of 8 x 8 fields that the class decides, under noise of the pattern's strength. An image is a pure function of (seed, index), by
/// integer arithmetic and exact scaling, so it has the same bits on every machine.
/// </summary>
/// <param name="seed">Fixes all images.</param>
/// <param name="channels">Colours.</param>
/// <param name="size">Height and width.</param>
/// <param name="classes">Number of classes.</param>
internal sealed class SyntheticImages(int seed, int channels, int size, int classes) : IImageSet
{
    private const int Fields = 8;
    private const long ClassDraws = 3, NoiseDraws = 4, PatternDraws = 5;
    private readonly float[] _black = new float[channels];

    public int Channels => channels;

    public int Size => size;

    public ReadOnlySpan<float> Black => _black;

    public (long Class, ulong Checksum) Read(long record, long number, Span<float> pixels)
    {
        long label = (long)(Mixing.Seed(seed, ClassDraws, record) % (ulong)classes);
        ulong noise = Mixing.Seed(seed, NoiseDraws, record);
        Span<float> fields = stackalloc float[Fields * Fields];
        for (int channel = 0, at = 0; channel < channels; channel++)
        {
            for (int field = 0; field < fields.Length; field++) fields[field] = Spread(Mixing.Seed(seed, PatternDraws, label, channel, field));
            for (int y = 0; y < size; y++)
            {
                for (int x = 0; x < size; x++, at++) pixels[at] = fields[y * Fields / size * Fields + x * Fields / size] + Spread(Mixing.Mix(noise + (ulong)at));
            }
        }

        return (label, SampleHash.Of(number, MemoryMarshal.AsBytes(pixels)));
    }

    public void Dispose()
    {
    }

    // The sum of four uniform numbers: nearly normal, mean 0, standard deviation 1.15, from -4 to 4.
    private static float Spread(ulong draw)
    {
        int sum = (int)(draw & 0xffff) + (int)((draw >> 16) & 0xffff) + (int)((draw >> 32) & 0xffff) + (int)(draw >> 48);
        return (sum - 4 * 0x7fff - 2) / 32768f;
    }
}
