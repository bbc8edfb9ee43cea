using System.Buffers.Binary;
using System.Net.Sockets;
using System.Text;
using Microsoft.Extensions.Logging;

namespace Parcae.GpuWorker.Transport;

/// <summary>
/// Answers the requests of one connection (<see cref="StateRequest"/>) in their order. An answer is the length of the whole layer (8 bytes), then the bytes
/// asked for in chunks, each followed by its checksum; or -1 instead of the length, and why the layer is not to be had: the length of a text and the text.
/// </summary>
internal static partial class StateServer
{
    /// <summary>Instead of a length: the layer is not held.</summary>
    public const long Refused = -1;

    /// <summary>How long a layer stays open for the next request: as long as that may be on its way. Nobody who wants to change the layer need notice.</summary>
    private static readonly TimeSpan Patience = TimeSpan.FromMilliseconds(5);

    public static void Run(Wire wire, Hello hello, IStateSource source, DataPlaneOptions options, Action<Wire>? midTransfer, ILogger logger)
    {
        using var opened = new OpenedState(wire, hello, source);
        try
        {
            var bytes = new byte[StateRequest.Size];
            while (true)
            {
                if (!wire.HasArrived(StateRequest.Size, Patience)) opened.Close();
                if (!wire.Read(bytes)) return;
                var request = StateRequest.Read(bytes);
                if (opened.Open(request.Layer, request.Version) is not { } state) Refuse(wire, source.DescribeHoldings());
                else Send(wire, state, request, opened, options, midTransfer);
            }
        }
        catch (Exception e) when (e is SocketException or IOException or InvalidDataException or ObjectDisposedException)
        {
            LogEnded(logger, hello.JobId, hello.From, e.Message);
        }
        finally
        {
            wire.Dispose();
        }
    }

    private static void Refuse(Wire wire, string holdings)
    {
        var text = Encoding.UTF8.GetBytes(holdings);
        var bytes = new byte[12 + text.Length];
        BinaryPrimitives.WriteInt64LittleEndian(bytes, Refused);
        BinaryPrimitives.WriteInt32LittleEndian(bytes.AsSpan(8), text.Length);
        text.CopyTo(bytes, 12);
        wire.Write(bytes);
    }

    private static void Send(Wire wire, StateStream state, StateRequest request, OpenedState opened, DataPlaneOptions options, Action<Wire>? midTransfer)
    {
        Span<byte> total = stackalloc byte[8];
        BinaryPrimitives.WriteInt64LittleEndian(total, state.Length);
        wire.Write(total);
        // Only now: a peer that takes the layer to be longer reads how long it is.
        request.CheckWithin(state.Length);
        foreach (var (part, offset, length) in Chunks.Pieces(state.Lengths, request.Offset, request.Length, options.StateChunkBytes))
        {
            Chunks.Write(wire, state.Read(part, offset, length).Span, options.StateChunkBytes);
            midTransfer?.Invoke(wire);
        }

        opened.Sent(request.Length);
    }

    [LoggerMessage(Level = LogLevel.Warning, Message = "Job {JobId}: a state transfer to {Peer} ended early: {Reason}")]
    private static partial void LogEnded(ILogger logger, string jobId, string peer, string reason);
}
