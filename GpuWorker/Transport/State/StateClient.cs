using System.Buffers.Binary;
using System.IO.Hashing;
using System.Net.Sockets;
using System.Text;
using Parcae.Grains;

namespace Parcae.GpuWorker.Transport;

/// <summary>Fetches layers from one holder over one connection. Blocking; use it from a thread that may wait.</summary>
public sealed class StateClient : IDisposable
{
    private readonly PeerEndpoint _holder;
    private readonly Wire _wire;
    private readonly int _chunkBytes;
    private readonly CancellationTokenRegistration _cancel;

    private StateClient(DataPlane plane, PeerEndpoint holder, Wire wire, CancellationToken cancellation)
    {
        (_holder, _wire, _chunkBytes) = (holder, wire, plane.Options.StateChunkBytes);
        _cancel = cancellation.Register(() => wire.Shutdown(SocketShutdown.Both));
    }

    /// <summary>Connects to a holder.</summary>
    public static StateClient Connect(DataPlane plane, PeerEndpoint holder, string jobId, int generation, byte[] secret, CancellationToken cancellation)
    {
        ArgumentNullException.ThrowIfNull(plane);
        ArgumentNullException.ThrowIfNull(holder);
        return new(plane, holder, plane.Dial(holder, ConnectionPurpose.State, jobId, generation, secret, cancellation), cancellation);
    }

    /// <summary>Fetches a layer at a version.</summary>
    /// <param name="layer">The layer.</param>
    /// <param name="version">The version.</param>
    /// <param name="destinations">Where the parts go: parameters, first moment, second moment.</param>
    /// <returns>Bytes received.</returns>
    /// <exception cref="StateNotHeldException">The holder does not have it.</exception>
    /// <exception cref="InvalidDataException">A part has another length than its destination, or a checksum is wrong.</exception>
    public long Fetch(int layer, int version, IReadOnlyList<Memory<byte>> destinations)
    {
        ArgumentNullException.ThrowIfNull(destinations);
        var request = new byte[StateServer.RequestSize];
        BinaryPrimitives.WriteInt32LittleEndian(request, layer);
        BinaryPrimitives.WriteInt32LittleEndian(request.AsSpan(4), version);
        _wire.Write(request);

        int parts = BinaryPrimitives.ReadInt32LittleEndian(Read(4));
        if (parts == -1)
        {
            int length = BinaryPrimitives.ReadInt32LittleEndian(Read(4));
            if (length is < 0 or > 1 << 20) throw new InvalidDataException($"{_holder.InstanceId} refused with a text of {length} bytes.");
            throw new StateNotHeldException(_holder.InstanceId, layer, version, Encoding.UTF8.GetString(Read(length)));
        }
        if (parts != destinations.Count) throw new InvalidDataException($"{_holder.InstanceId} sends layer {layer} in {parts} parts, {destinations.Count} were expected.");
        var lengths = Read(8 * parts);
        for (int i = 0; i < parts; i++)
        {
            long length = BinaryPrimitives.ReadInt64LittleEndian(lengths.AsSpan(8 * i));
            if (length != destinations[i].Length) throw new InvalidDataException($"{_holder.InstanceId} sends {length} bytes as part {i} of layer {layer}, {destinations[i].Length} were expected.");
        }
        foreach (var destination in destinations) Chunks.Read(_wire, destination.Span, _chunkBytes, _holder.InstanceId, layer);
        return destinations.Sum(d => (long)d.Length);
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
