using System.Buffers.Binary;
using System.Net.Sockets;
using System.Text;
using Parcae.Grains;

namespace Parcae.GpuWorker.Transport;

/// <summary>
/// Asks one holder over one connection, and receives what it answers in the order of the requests. The next request may be made as soon as the
/// answer to the last one has begun, so that the holder never waits. Blocking; use it from a thread that may wait.
/// </summary>
public sealed class StateClient : IDisposable
{
    private readonly PeerEndpoint _holder;
    private readonly Wire _wire;
    private readonly DataPlaneOptions _options;
    private readonly CancellationTokenRegistration _cancel;

    private StateClient(DataPlane plane, PeerEndpoint holder, Wire wire, CancellationToken cancellation)
    {
        (_holder, _wire, _options) = (holder, wire, plane.Options);
        _cancel = cancellation.Register(() => wire.Shutdown(SocketShutdown.Both));
    }

    /// <summary>Connects to a holder.</summary>
    public static StateClient Connect(DataPlane plane, PeerEndpoint holder, string jobId, int generation, byte[] salt, CancellationToken cancellation)
    {
        ArgumentNullException.ThrowIfNull(plane);
        ArgumentNullException.ThrowIfNull(holder);
        return new(plane, holder, plane.Dial(holder, ConnectionPurpose.State, jobId, generation, salt, cancellation), cancellation);
    }

    /// <summary>Fetches a layer at a version.</summary>
    /// <param name="layer">The layer.</param>
    /// <param name="version">The version.</param>
    /// <param name="destinations">Where the parts go: parameters, first moment, second moment.</param>
    /// <returns>Bytes received.</returns>
    /// <exception cref="StateNotHeldException">The holder does not have it.</exception>
    /// <exception cref="InvalidDataException">The layer has another length than the destinations, or a checksum is wrong.</exception>
    public long Fetch(int layer, int version, IReadOnlyList<Memory<byte>> destinations)
    {
        var target = new MemoryStateTarget(destinations);
        var request = new StateRequest(layer, version, 0, target.Lengths.Sum());
        Ask(request);
        ReceiveHead(request, target);
        ReceiveBytes(request, target);
        return request.Length;
    }

    /// <summary>Asks for bytes of a layer.</summary>
    internal void Ask(StateRequest request)
    {
        Span<byte> bytes = stackalloc byte[StateRequest.Size];
        request.Write(bytes);
        _wire.Write(bytes);
    }

    /// <summary>Waits until the answer begins.</summary>
    /// <exception cref="StateNotHeldException">The holder does not have the layer; the connection is still good.</exception>
    /// <exception cref="TimeoutException">Nothing came for <see cref="DataPlaneOptions.StallTimeout"/>: a holder may have a step to finish first.</exception>
    /// <exception cref="InvalidDataException">The layer has another length there.</exception>
    internal void ReceiveHead(StateRequest request, IStateTarget target)
    {
        _wire.Silence = _options.StallTimeout;
        long total = BinaryPrimitives.ReadInt64LittleEndian(Read(8));
        if (total == StateServer.Refused)
        {
            int length = BinaryPrimitives.ReadInt32LittleEndian(Read(4));
            if (length is < 0 or > 1 << 20) throw new InvalidDataException($"{_holder.InstanceId} refused with a text of {length} bytes.");
            throw new StateNotHeldException(_holder.InstanceId, request.Layer, request.Version, Encoding.UTF8.GetString(Read(length)));
        }

        long expected = target.Lengths.Sum();
        if (total != expected) throw new InvalidDataException($"{_holder.InstanceId} has {total} bytes of layer {request.Layer}, {expected} were expected.");
    }

    /// <summary>Receives the bytes that were asked for.</summary>
    /// <exception cref="EndOfStreamException">The holder closed the connection.</exception>
    /// <exception cref="TimeoutException">Nothing came for <see cref="DataPlaneOptions.HeartbeatTimeout"/>.</exception>
    /// <exception cref="InvalidDataException">A checksum is wrong.</exception>
    internal void ReceiveBytes(StateRequest request, IStateTarget target)
    {
        _wire.Silence = _options.HeartbeatTimeout;
        foreach (var (part, offset, length) in Chunks.Pieces(target.Lengths, request.Offset, request.Length, _options.StateChunkBytes))
            target.Take(part, offset, length, bytes => Chunks.Read(_wire, bytes, _options.StateChunkBytes, _holder.InstanceId, request.Layer));
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _cancel.Dispose();
        _wire.Dispose();
    }

    private byte[] Read(int count)
    {
        var bytes = new byte[count];
        if (count > 0 && !_wire.Read(bytes)) throw new EndOfStreamException($"{_holder.InstanceId} closed the connection.");
        return bytes;
    }
}
