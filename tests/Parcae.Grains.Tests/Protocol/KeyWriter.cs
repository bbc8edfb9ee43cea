using System.Text;

namespace Parcae.Grains.Tests.Protocol;

/// <summary>Writes a state as a short string, by which states are told apart.</summary>
internal sealed class KeyWriter
{
    private readonly byte[] _bytes = new byte[1024];
    private int _length;

    /// <summary>Adds a number from -1 to 254.</summary>
    public void Add(int value) => _bytes[_length++] = value is >= -1 and < 255 ? (byte)(value + 1) : throw new ArgumentOutOfRangeException(nameof(value), value, "A number of a state must be from -1 to 254.");

    /// <summary>Adds a text of ASCII characters.</summary>
    public void Add(string text)
    {
        _bytes[_length++] = (byte)text.Length;
        foreach (char c in text) _bytes[_length++] = (byte)c;
    }

    /// <summary>Adds up to eight flags.</summary>
    public void Flags(params ReadOnlySpan<bool> flags)
    {
        int bits = 0;
        for (int i = 0; i < flags.Length; i++) bits |= flags[i] ? 1 << i : 0;
        _bytes[_length++] = (byte)bits;
    }

    /// <summary>What was written, and an empty writer again.</summary>
    public string Take()
    {
        string key = Encoding.Latin1.GetString(_bytes, 0, _length);
        _length = 0;
        return key;
    }
}
