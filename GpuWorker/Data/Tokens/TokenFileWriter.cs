using System.Buffers;
using System.IO.Hashing;
using System.Runtime.InteropServices;

namespace Parcae.GpuWorker.Data;

/// <summary>
/// Turns text that comes in pieces into a token file. Where the pieces end does not matter: text is gathered and cut where the tokenizer says that a cut changes
/// nothing, and a stretch of <see cref="Gathered"/> bytes without such a place after as many bytes.
/// </summary>
internal sealed class TokenFileWriter
{
    /// <summary>Bytes of text that are encoded at once.</summary>
    public const int Gathered = 1 << 18;

    private readonly ITokenizer _tokenizer;
    private readonly Stream _file;
    private readonly int _width;
    private readonly byte[] _text = new byte[Gathered];
    private readonly ArrayBufferWriter<int> _ids = new(Gathered);
    private readonly XxHash3 _hash = new();
    private byte[] _narrow = [];
    private int _length;
    private long _tokens;

    /// <summary>Writes after the header, which <see cref="Finish"/> fills in.</summary>
    public TokenFileWriter(ITokenizer tokenizer, Stream file)
    {
        (_tokenizer, _file, _width) = (tokenizer, file, TokenFile.WidthFor(tokenizer.Vocabulary));
        file.Write(new byte[TokenFile.HeaderSize]);
    }

    /// <summary>Takes in a piece of text.</summary>
    public void Add(ReadOnlySpan<byte> text)
    {
        while (text.Length > 0)
        {
            int taken = Math.Min(text.Length, Gathered - _length);
            text[..taken].CopyTo(_text.AsSpan(_length));
            _length += taken;
            text = text[taken..];
            if (_length == Gathered) Encode(_tokenizer.Divide(_text) is > 0 and int cut ? cut : WholeCharacters());
        }
    }

    /// <summary>Encodes what is left and writes the header.</summary>
    public TokenFile Finish()
    {
        if (_length > 0) Encode(_length);
        var header = new TokenFile(_tokens, _hash.GetCurrentHashAsUInt64(), _width);
        Span<byte> bytes = stackalloc byte[TokenFile.HeaderSize];
        header.Write(bytes);
        _file.Position = 0;
        _file.Write(bytes);
        return header;
    }

    private void Encode(int length)
    {
        _ids.ResetWrittenCount();
        _tokenizer.Encode(_text.AsSpan(0, length), _ids);
        _text.AsSpan(length, _length - length).CopyTo(_text);
        _length -= length;
        var ids = _ids.WrittenSpan;
        if (_narrow.Length < ids.Length * _width) _narrow = new byte[ids.Length * _width];
        var bytes = _narrow.AsSpan(0, ids.Length * _width);
        Narrow(ids, bytes);
        _tokens += ids.Length;
        _hash.Append(bytes);
        _file.Write(bytes);
    }

    private void Narrow(ReadOnlySpan<int> ids, Span<byte> bytes)
    {
        switch (_width)
        {
            case 1:
                for (int i = 0; i < ids.Length; i++) bytes[i] = (byte)ids[i];
                break;
            case 2:
                var words = MemoryMarshal.Cast<byte, ushort>(bytes);
                for (int i = 0; i < ids.Length; i++) words[i] = (ushort)ids[i];
                break;
            default:
                MemoryMarshal.AsBytes(ids).CopyTo(bytes);
                break;
        }
    }

    // Without the beginning of a character that does not end here.
    private int WholeCharacters()
    {
        for (int tail = 1; tail <= 3; tail++)
        {
            byte b = _text[_length - tail];
            if (b < 0x80) return _length;
            if (b >= 0xC0) return (b >= 0xF0 ? 4 : b >= 0xE0 ? 3 : 2) > tail ? _length - tail : _length;
        }

        return _length;
    }
}
