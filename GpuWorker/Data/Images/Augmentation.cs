using System.Buffers;
using Parcae.GpuWorker.Models;

namespace Parcae.GpuWorker.Data;

/// <summary>
/// The augmentation that CIFAR results are reported with: a random crop of the image with black borders around it (an eighth of its size: 4 pixels of 32), mirrored or not.
/// </summary>
/// <param name="Down">How far the crop lies below the image's own place; negative: above.</param>
/// <param name="Right">How far the crop lies to the right.</param>
/// <param name="Mirrored">Whether left and right are swapped afterwards.</param>
internal readonly record struct Augmentation(int Down, int Right, bool Mirrored)
{
    /// <summary>What a seed stands for: all places and both directions are equally likely.</summary>
    public static Augmentation Draw(ulong seed, int size)
    {
        int border = size / 8;
        ulong places = (ulong)(2 * border + 1), draw = Mixing.Mix(seed);
        return new((int)(draw % places) - border, (int)(draw / places % places) - border, Mixing.Mix(draw) % 2 == 1);
    }

    /// <summary>Changes an image in place.</summary>
    /// <param name="pixels"><c>[channels, size, size]</c>.</param>
    /// <param name="size">Height and width.</param>
    /// <param name="black">The border's value in each channel.</param>
    public void Apply(Span<float> pixels, int size, ReadOnlySpan<float> black)
    {
        var rented = ArrayPool<float>.Shared.Rent(size * size);
        var source = rented.AsSpan(0, size * size);
        for (int channel = 0; channel < black.Length; channel++)
        {
            var plane = pixels.Slice(channel * size * size, size * size);
            plane.CopyTo(source);
            for (int y = 0; y < size; y++)
            {
                for (int x = 0; x < size; x++)
                {
                    int fromY = y + Down, fromX = (Mirrored ? size - 1 - x : x) + Right;
                    bool inside = (uint)fromY < (uint)size && (uint)fromX < (uint)size;
                    plane[y * size + x] = inside ? source[fromY * size + fromX] : black[channel];
                }
            }
        }

        ArrayPool<float>.Shared.Return(rented);
    }
}
