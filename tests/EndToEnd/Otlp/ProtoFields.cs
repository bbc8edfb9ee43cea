using System.Buffers.Binary;
using System.Text;

namespace Parcae.EndToEnd.Otlp;

/// <summary>One field of a message in the Protocol Buffers' encoding.</summary>
internal readonly record struct ProtoField(int Number, ulong Value, ReadOnlyMemory<byte> Bytes)
{
    public string Text => Encoding.UTF8.GetString(Bytes.Span);

    public string Hex => Convert.ToHexStringLower(Bytes.Span);
}

/// <summary>Reads the fields of a message, in the order in which they come.</summary>
internal static class ProtoFields
{
    public static IEnumerable<ProtoField> Read(ReadOnlyMemory<byte> message)
    {
        int at = 0;
        while (at < message.Length)
        {
            ulong key = Varint(message.Span, ref at);
            int number = (int)(key >> 3);
            switch (key & 7)
            {
                case 0:
                    yield return new ProtoField(number, Varint(message.Span, ref at), default);
                    break;
                case 1:
                    yield return new ProtoField(number, BinaryPrimitives.ReadUInt64LittleEndian(message.Span[at..]), default);
                    at += 8;
                    break;
                case 2:
                    int length = (int)Varint(message.Span, ref at);
                    yield return new ProtoField(number, 0, message.Slice(at, length));
                    at += length;
                    break;
                case 5:
                    yield return new ProtoField(number, BinaryPrimitives.ReadUInt32LittleEndian(message.Span[at..]), default);
                    at += 4;
                    break;
                default:
                    throw new InvalidDataException($"Field {number} has wire type {key & 7}.");
            }
        }
    }

    /// <summary>The messages in a field.</summary>
    public static IEnumerable<ReadOnlyMemory<byte>> All(this ReadOnlyMemory<byte> message, int number) => Read(message).Where(f => f.Number == number).Select(f => f.Bytes);

    /// <summary>The last of a field.</summary>
    public static ProtoField Get(this ReadOnlyMemory<byte> message, int number) => Read(message).LastOrDefault(f => f.Number == number);

    private static ulong Varint(ReadOnlySpan<byte> bytes, ref int at)
    {
        ulong value = 0;
        for (int shift = 0; ; shift += 7)
        {
            byte b = bytes[at++];
            value |= (ulong)(b & 0x7F) << shift;
            if (b < 0x80) return value;
        }
    }
}
