using System.Buffers.Binary;
using System.Text;
using Parcae.GpuWorker.Transport;

namespace Parcae.GpuWorker.Shadows;

/// <summary>What a holder tells those who follow its layers.</summary>
internal enum ShadowMessageKind
{
    /// <summary>A layer's tensors at a version.</summary>
    Snapshot = 1,

    /// <summary>A layer's reduced gradient of a step.</summary>
    Gradient = 2,

    /// <summary>The result of a step; its gradients have gone before.</summary>
    Step = 3,

    /// <summary>Nothing more is to be said at the moment: who has come this far has caught up.</summary>
    Current = 4,

    /// <summary>The generation has ended here, at that version.</summary>
    End = 5,

    /// <summary>The layers cannot be followed; the text says why.</summary>
    Refusal = 6,

    /// <summary>The results of the generation's steps until now, before anything else; those of later ones come with them.</summary>
    Results = 7,
}

/// <summary>The head of a message. The payload follows, in chunks.</summary>
/// <param name="Kind">What it is.</param>
/// <param name="Layer">The layer, where it is about one.</param>
/// <param name="Step">The step, or the version.</param>
/// <param name="Length">Bytes of the payload.</param>
internal readonly record struct ShadowMessage(ShadowMessageKind Kind, int Layer, int Step, long Length)
{
    private const int Size = 20, MaxLayers = 1 << 20, MaxText = 1 << 16;

    /// <summary>Sends the head.</summary>
    public void Write(Wire wire)
    {
        Span<byte> head = stackalloc byte[Size];
        BinaryPrimitives.WriteInt32LittleEndian(head, (int)Kind);
        BinaryPrimitives.WriteInt32LittleEndian(head[4..], Layer);
        BinaryPrimitives.WriteInt32LittleEndian(head[8..], Step);
        BinaryPrimitives.WriteInt64LittleEndian(head[12..], Length);
        wire.Write(head);
    }

    /// <summary>Receives a head.</summary>
    /// <exception cref="EndOfStreamException">The connection was closed.</exception>
    /// <exception cref="InvalidDataException">It is none of the kinds, or its length cannot be.</exception>
    public static ShadowMessage Read(Wire wire, string from)
    {
        Span<byte> head = stackalloc byte[Size];
        if (!wire.Read(head)) throw new EndOfStreamException($"{from} closed the connection.");
        var message = new ShadowMessage(
            (ShadowMessageKind)BinaryPrimitives.ReadInt32LittleEndian(head), BinaryPrimitives.ReadInt32LittleEndian(head[4..]),
            BinaryPrimitives.ReadInt32LittleEndian(head[8..]), BinaryPrimitives.ReadInt64LittleEndian(head[12..]));
        if (!Enum.IsDefined(message.Kind) || message.Length < 0) throw new InvalidDataException($"{from} sent {message}, which is no message of this protocol.");
        return message;
    }

    /// <summary>Asks for layers.</summary>
    public static void WriteRequest(Wire wire, IReadOnlyList<int> layers)
    {
        var request = new byte[4 + 4 * layers.Count];
        BinaryPrimitives.WriteInt32LittleEndian(request, layers.Count);
        for (int i = 0; i < layers.Count; i++) BinaryPrimitives.WriteInt32LittleEndian(request.AsSpan(4 + 4 * i), layers[i]);
        wire.Write(request);
    }

    /// <summary>Receives what is asked for.</summary>
    /// <exception cref="InvalidDataException">It cannot be.</exception>
    public static int[] ReadRequest(Wire wire, Deadline deadline)
    {
        var count = new byte[4];
        if (!wire.Read(count, deadline)) throw new EndOfStreamException("The peer asked for nothing.");
        int layers = BinaryPrimitives.ReadInt32LittleEndian(count);
        if (layers is < 1 or > MaxLayers) throw new InvalidDataException($"{layers} layers were asked for.");
        var request = new byte[4 * layers];
        if (!wire.Read(request, deadline)) throw new EndOfStreamException("The peer did not say which layers it wants.");
        return [.. Enumerable.Range(0, layers).Select(i => BinaryPrimitives.ReadInt32LittleEndian(request.AsSpan(4 * i)))];
    }

    /// <summary>Refuses.</summary>
    public static void Refuse(Wire wire, string why)
    {
        var text = Encoding.UTF8.GetBytes(why);
        new ShadowMessage(ShadowMessageKind.Refusal, 0, 0, text.Length).Write(wire);
        wire.Write(text);
    }

    /// <summary>The text of a refusal.</summary>
    public string ReadText(Wire wire, string from)
    {
        if (Length > MaxText) throw new InvalidDataException($"{from} refused with a text of {Length} bytes.");
        var text = new byte[Length];
        if (Length > 0 && !wire.Read(text)) throw new EndOfStreamException($"{from} closed the connection.");
        return Encoding.UTF8.GetString(text);
    }
}
