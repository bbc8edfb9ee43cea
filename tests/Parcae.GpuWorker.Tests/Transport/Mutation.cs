using System.Buffers.Binary;

namespace Parcae.GpuWorker.Tests.Transport;

/// <summary>Bytes as they would come from a broken or hostile peer.</summary>
internal static class Mutation
{
    /// <summary>A copy that differs: bits flipped, cut short, something put in or taken out, a length that lies, or noise throughout.</summary>
    /// <param name="bytes">What would be right.</param>
    /// <param name="random">Draws.</param>
    /// <param name="lengthAt">Where four bytes say a length.</param>
    public static byte[] Of(byte[] bytes, Random random, int lengthAt)
    {
        var changed = bytes.ToArray();
        int at = random.Next(bytes.Length);
        switch (random.Next(6))
        {
            case 0:
                for (int flips = random.Next(1, 4); flips > 0; flips--) changed[random.Next(changed.Length)] ^= (byte)(1 << random.Next(8));
                break;
            case 1:
                return changed[..at];
            case 2:
                var noise = new byte[random.Next(1, 20)];
                random.NextBytes(noise);
                return [.. changed[..at], .. noise, .. changed[at..]];
            case 3:
                return [.. changed[..at], .. changed[Math.Min(changed.Length, at + random.Next(1, 20))..]];
            case 4:
                BinaryPrimitives.WriteInt32LittleEndian(changed.AsSpan(lengthAt), random.Next(3) switch { 0 => int.MaxValue, 1 => -1, _ => random.Next() });
                break;
            default:
                random.NextBytes(changed);
                break;
        }

        if (changed.AsSpan().SequenceEqual(bytes)) changed[at] ^= 1; // the flips undid each other
        return changed;
    }
}
