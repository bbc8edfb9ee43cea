using System.Buffers.Binary;
using System.Security.Cryptography;
using System.Text;

namespace Parcae.GpuWorker.Transport;

/// <summary>What a connection is for.</summary>
internal enum ConnectionPurpose : byte
{
    /// <summary>Frames of one generation, from the dialer to the acceptor.</summary>
    Mesh = 1,

    /// <summary>Layers, fetched by the dialer.</summary>
    State = 2,

    /// <summary>Layers of the generation that trains, followed by the dialer.</summary>
    Shadow = 3,
}

/// <summary>What a dialer says first.</summary>
/// <param name="Purpose">What the connection is for.</param>
/// <param name="JobId">The job.</param>
/// <param name="Generation">The generation.</param>
/// <param name="From">Instance id of the dialer.</param>
/// <param name="To">Instance id that the dialer means to reach.</param>
/// <param name="TraceParent">W3C trace context, or empty.</param>
internal sealed record Hello(ConnectionPurpose Purpose, string JobId, int Generation, string From, string To, string TraceParent);

/// <summary>
/// Both sides prove that they hold the job's secret: HMAC-SHA256 over everything said so far, a fresh nonce of either side included, so nothing can be replayed
/// or changed on the way. Dialer: hello with nonce. Acceptor: verdict, its generation, nonce, proof. Dialer: proof. Acceptor: verdict.
/// </summary>
internal static class Handshake
{
    private const uint Magic = 0x31435250; // "PRC1"
    private const int NonceSize = 16, ProofSize = 32, MaxHello = 4096, ReplySize = 1 + 4 + NonceSize + ProofSize;

    /// <summary>The dialer's side.</summary>
    /// <exception cref="HandshakeRefusedException">Either side refused.</exception>
    public static void Dial(Wire wire, Hello hello, ReadOnlySpan<byte> secret, Deadline deadline)
    {
        byte[] said = Encode(hello, RandomNumberGenerator.GetBytes(NonceSize));
        wire.Write(said, deadline);
        var reply = new byte[ReplySize];
        if (!wire.Read(reply, deadline)) throw new EndOfStreamException("The peer closed before it answered the handshake.");
        int theirs = BinaryPrimitives.ReadInt32LittleEndian(reply.AsSpan(1));
        if (reply[0] != 0) throw Refused((HandshakeRefusal)reply[0]);
        var nonce = reply.AsSpan(5, NonceSize);
        if (!CryptographicOperations.FixedTimeEquals(Proof(secret, "acceptor"u8, said, nonce), reply.AsSpan(5 + NonceSize))) throw Refused(HandshakeRefusal.WrongSecret);
        wire.Write(Proof(secret, "dialer"u8, said, nonce), deadline);
        Span<byte> verdict = stackalloc byte[1];
        if (!wire.Read(verdict, deadline)) throw new EndOfStreamException("The peer closed before it ended the handshake.");
        if (verdict[0] != 0) throw Refused((HandshakeRefusal)verdict[0]);

        HandshakeRefusedException Refused(HandshakeRefusal refusal) => new(hello.To, refusal, hello.JobId, hello.Generation, theirs);
    }

    /// <summary>The acceptor's side.</summary>
    /// <param name="wire">A fresh connection.</param>
    /// <param name="decide">Gives the job's secret, or a refusal with the newest generation known.</param>
    /// <param name="deadline">When to give up.</param>
    /// <returns>What the dialer said, and a refusal, if it was refused.</returns>
    /// <exception cref="FrameException">The bytes are no hello.</exception>
    public static (Hello Hello, HandshakeRefusal? Refusal) Accept(Wire wire, Func<Hello, (byte[]? Secret, HandshakeRefusal Refusal, int Generation)> decide, Deadline deadline)
    {
        var prefix = new byte[8];
        if (!wire.Read(prefix, deadline)) throw new EndOfStreamException("The peer closed before it said anything.");
        if (BinaryPrimitives.ReadUInt32LittleEndian(prefix) != Magic) throw new FrameException("The connection does not begin with a hello of this protocol.");
        int length = BinaryPrimitives.ReadInt32LittleEndian(prefix.AsSpan(4));
        if (length is < NonceSize or > MaxHello) throw new FrameException($"A hello of {length} bytes is not within {NonceSize} and {MaxHello}.");
        var said = new byte[8 + length];
        prefix.CopyTo(said, 0);
        if (!wire.Read(said.AsSpan(8), deadline)) throw new EndOfStreamException("The peer closed within its hello.");
        var hello = Decode(said.AsSpan(8));

        var (secret, refusal, generation) = decide(hello);
        var reply = new byte[ReplySize];
        BinaryPrimitives.WriteInt32LittleEndian(reply.AsSpan(1), generation);
        if (secret is null)
        {
            reply[0] = (byte)refusal;
            wire.Write(reply, deadline);
            return (hello, refusal);
        }
        var nonce = reply.AsSpan(5, NonceSize);
        RandomNumberGenerator.Fill(nonce);
        Proof(secret, "acceptor"u8, said, nonce).CopyTo(reply, 5 + NonceSize);
        wire.Write(reply, deadline);
        var proof = new byte[ProofSize];
        if (!wire.Read(proof, deadline)) return (hello, HandshakeRefusal.WrongSecret);
        bool good = CryptographicOperations.FixedTimeEquals(proof, Proof(secret, "dialer"u8, said, nonce));
        wire.Write([good ? (byte)0 : (byte)HandshakeRefusal.WrongSecret], deadline);
        return (hello, good ? null : HandshakeRefusal.WrongSecret);
    }

    private static byte[] Proof(ReadOnlySpan<byte> secret, ReadOnlySpan<byte> side, ReadOnlySpan<byte> said, ReadOnlySpan<byte> nonce)
    {
        using var hmac = IncrementalHash.CreateHMAC(HashAlgorithmName.SHA256, secret);
        hmac.AppendData(side);
        hmac.AppendData(said);
        hmac.AppendData(nonce);
        return hmac.GetHashAndReset();
    }

    private static byte[] Encode(Hello hello, byte[] nonce)
    {
        using var stream = new MemoryStream();
        using var writer = new BinaryWriter(stream, Encoding.UTF8);
        writer.Write(Magic);
        writer.Write(0);
        writer.Write((byte)hello.Purpose);
        writer.Write(hello.Generation);
        writer.Write(hello.JobId);
        writer.Write(hello.From);
        writer.Write(hello.To);
        writer.Write(hello.TraceParent);
        writer.Write(nonce);
        var bytes = stream.ToArray();
        if (bytes.Length - 8 > MaxHello) throw new ArgumentException($"Job and instance ids take {bytes.Length - 8} bytes together; at most {MaxHello} fit into a hello.");
        BinaryPrimitives.WriteInt32LittleEndian(bytes.AsSpan(4), bytes.Length - 8);
        return bytes;
    }

    private static Hello Decode(ReadOnlySpan<byte> bytes)
    {
        try
        {
            using var reader = new BinaryReader(new MemoryStream(bytes.ToArray()), Encoding.UTF8);
            var purpose = (ConnectionPurpose)reader.ReadByte();
            int generation = reader.ReadInt32();
            var hello = new Hello(purpose, reader.ReadString(), generation, reader.ReadString(), reader.ReadString(), reader.ReadString());
            if (reader.BaseStream.Length - reader.BaseStream.Position != NonceSize) throw new FrameException("A hello ends with its nonce; this one does not.");
            return hello;
        }
        catch (Exception e) when (e is EndOfStreamException or FormatException or IOException or ArgumentException)
        {
            throw new FrameException($"A hello could not be read: {e.Message}");
        }
    }
}
