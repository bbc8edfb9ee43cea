using System.Text;

namespace Parcae.Liveput.Tests;

/// <summary>Damaged files for readers. The same bytes in every run.</summary>
internal static class Fuzz
{
    /// <summary>Takes in a file's content.</summary>
    public delegate void Reader(ReadOnlySpan<byte> content);

    /// <summary>A file with any one bit flipped.</summary>
    public static void Bits(byte[] content, Reader read)
    {
        for (int bit = 0; bit < content.Length * 8; bit++)
        {
            content[bit / 8] ^= (byte)(1 << (bit % 8));
            read(content);
            content[bit / 8] ^= (byte)(1 << (bit % 8));
        }
    }

    /// <summary>A text with one to three of its places overwritten by something nasty.</summary>
    public static void Places(string content, string[] nasty, int count, Reader read)
    {
        var random = new Random(17);
        for (int i = 0; i < count; i++)
        {
            var text = new StringBuilder(content);
            for (int changes = random.Next(1, 4); changes > 0; changes--)
            {
                int at = random.Next(text.Length);
                text.Remove(at, Math.Min(random.Next(4), text.Length - at)).Insert(at, nasty[random.Next(nasty.Length)]);
            }

            read(Encoding.UTF8.GetBytes(text.ToString()));
        }
    }

    /// <summary>Up to 200 random bytes, every other time likely ones.</summary>
    public static void Bytes(string likely, int count, Reader read)
    {
        var random = new Random(5);
        var content = new byte[200];
        for (int i = 0; i < count; i++)
        {
            var part = content.AsSpan(0, random.Next(content.Length));
            random.NextBytes(part);
            if (i % 2 == 0) foreach (ref byte b in part) b = (byte)likely[b % likely.Length];
            if (i % 4 == 0 && part.Length > 0) part[0] = (byte)'{';
            read(part);
        }
    }
}
