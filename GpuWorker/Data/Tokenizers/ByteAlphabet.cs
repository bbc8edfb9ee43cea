namespace Parcae.GpuWorker.Data;

/// <summary>
/// GPT-2's way to write bytes as visible characters in its vocabulary files: printable Latin-1 stands for itself, the other bytes, in order, for the
/// characters from U+0100 on (a space is <c>Ġ</c>).
/// </summary>
internal static class ByteAlphabet
{
    private const int FirstStandIn = 0x100;
    private static readonly char[] Characters = MakeCharacters();
    private static readonly short[] Bytes = MakeBytes();

    /// <summary>The character of a byte.</summary>
    public static char Of(byte value) => Characters[value];

    /// <summary>The byte that a character stands for; false where it stands for none.</summary>
    public static bool TryByte(char character, out byte value)
    {
        short found = character < Bytes.Length ? Bytes[character] : (short)-1;
        value = (byte)found;
        return found >= 0;
    }

    private static char[] MakeCharacters()
    {
        var characters = new char[256];
        int standIns = 0;
        for (int b = 0; b < 256; b++)
        {
            bool visible = b is (>= '!' and <= '~') or (>= 0xA1 and not 0xAD);
            characters[b] = visible ? (char)b : (char)(FirstStandIn + standIns++);
        }

        return characters;
    }

    private static short[] MakeBytes()
    {
        var bytes = new short[Characters.Max() + 1];
        Array.Fill(bytes, (short)-1);
        for (int b = 0; b < 256; b++) bytes[Characters[b]] = (short)b;
        return bytes;
    }
}
