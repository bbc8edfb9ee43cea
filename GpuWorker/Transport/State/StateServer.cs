using System.Buffers.Binary;
using System.Diagnostics;
using System.IO.Hashing;
using System.Net.Sockets;
using System.Text;
using Microsoft.Extensions.Logging;
using Parcae.Grains.Telemetry;

namespace Parcae.GpuWorker.Transport;

/// <summary>
/// Answers fetches over one connection: request (layer, version), then either a reason why not, or the length of each part and the parts in chunks, each
/// followed by its checksum.
/// </summary>
internal static partial class StateServer
{
    public const int RequestSize = 8;

    public static void Run(Wire wire, Hello hello, IStateSource source, DataPlaneOptions options, ILogger logger)
    {
        using var ended = new CancellationTokenSource();
        try
        {
            var request = new byte[RequestSize];
            while (wire.Read(request))
            {
                int layer = BinaryPrimitives.ReadInt32LittleEndian(request), version = BinaryPrimitives.ReadInt32LittleEndian(request.AsSpan(4));
                ActivityContext.TryParse(hello.TraceParent, null, isRemote: true, out var parent);
                using var activity = ParcaeTelemetry.Activities.StartActivity("transfer.serve", ActivityKind.Server, parent);
                activity?.SetTag("layer", layer).SetTag("version", version).SetTag("to", hello.From);
                using var state = Open(wire, source, layer, version);
                if (state is null) Refuse(wire, source.DescribeHoldings());
                else Send(wire, state, options);
            }
        }
        catch (Exception e) when (e is SocketException or IOException or ObjectDisposedException)
        {
            LogEnded(logger, hello.JobId, hello.From, e.Message);
        }
        finally
        {
            wire.Dispose();
        }
    }

    /// <summary>Waits for the layer, but no longer than the peer that asked for it is there.</summary>
    private static StateStream? Open(Wire wire, IStateSource source, int layer, int version)
    {
        using var cancel = new CancellationTokenSource();
        var opening = source.OpenAsync(layer, version, cancel.Token);
        while (!opening.Wait(TimeSpan.FromMilliseconds(20)))
        {
            if (!wire.IsClosed()) continue;
            cancel.Cancel();
            throw new EndOfStreamException("The peer went away while it waited.");
        }
        return opening.Result;
    }

    private static void Refuse(Wire wire, string holdings)
    {
        var text = Encoding.UTF8.GetBytes(holdings);
        var bytes = new byte[8 + text.Length];
        BinaryPrimitives.WriteInt32LittleEndian(bytes, -1);
        BinaryPrimitives.WriteInt32LittleEndian(bytes.AsSpan(4), text.Length);
        text.CopyTo(bytes, 8);
        wire.Write(bytes);
    }

    private static void Send(Wire wire, StateStream state, DataPlaneOptions options)
    {
        var lengths = new byte[4 + 8 * state.Parts.Count];
        BinaryPrimitives.WriteInt32LittleEndian(lengths, state.Parts.Count);
        for (int i = 0; i < state.Parts.Count; i++) BinaryPrimitives.WriteInt64LittleEndian(lengths.AsSpan(4 + 8 * i), state.Parts[i].Length);
        wire.Write(lengths);
        foreach (var part in state.Parts) Chunks.Write(wire, part.Span, options.StateChunkBytes);
    }

    [LoggerMessage(Level = LogLevel.Warning, Message = "Job {JobId}: a state transfer to {Peer} ended early: {Reason}")]
    private static partial void LogEnded(ILogger logger, string jobId, string peer, string reason);
}
