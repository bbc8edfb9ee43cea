using System.Buffers.Binary;
using Parcae.GpuWorker.Transport;

namespace Parcae.GpuWorker.Collectives.Nccl;

/// <summary>
/// What a replica can do with NCCL. Replicas tell each other before anyone joins a communicator: one that waited for a replica without the library would wait for ever.
/// </summary>
/// <param name="Version">NCCL's version; 0: none.</param>
/// <param name="Device">The GPU's UUID; NCCL takes each GPU once.</param>
internal readonly record struct NcclOffer(int Version, Guid Device)
{
    private const int Size = 20;
    private static readonly FrameKey Key = new(FrameKind.CollectiveOffer, 0, 0);

    /// <summary>Tells all replicas and hears from all; by pipeline.</summary>
    /// <exception cref="MeshBrokenException">A replica is lost or has halted.</exception>
    public static NcclOffer[] Exchange(Mesh mesh, string[] replicas, int self, NcclOffer own)
    {
        Span<byte> bytes = stackalloc byte[Size];
        BinaryPrimitives.WriteInt32LittleEndian(bytes, own.Version);
        own.Device.TryWriteBytes(bytes[4..]);
        for (int i = 0; i < replicas.Length; i++)
        {
            if (i != self) mesh.Send(replicas[i], Key, bytes);
        }

        var offers = new NcclOffer[replicas.Length];
        for (int i = 0; i < replicas.Length; i++)
        {
            if (i == self)
            {
                offers[i] = own;
                continue;
            }

            using var frame = mesh.Receive(replicas[i], Key);
            if (frame.Length != Size) throw new InvalidDataException($"'{Key}' from {replicas[i]} has {frame.Length} bytes, {Size} were expected.");
            offers[i] = new NcclOffer(BinaryPrimitives.ReadInt32LittleEndian(frame.Span), new Guid(frame.Span[4..]));
        }

        return offers;
    }

    /// <summary>Why these replicas cannot use NCCL together; null when they can.</summary>
    public static string? Obstacle(NcclOffer[] offers, string[] replicas)
    {
        for (int i = 0; i < offers.Length; i++)
        {
            if (offers[i].Version == 0) return $"{replicas[i]} does not train on CUDA or has no NCCL";
            if (offers[i].Version != offers[0].Version) return $"{replicas[i]} has NCCL {offers[i].Version}, {replicas[0]} has {offers[0].Version}";
            int same = Array.FindIndex(offers, 0, i, o => o.Device == offers[i].Device);
            if (same >= 0) return $"{replicas[same]} and {replicas[i]} train on the same GPU, {offers[i].Device}";
        }

        return null;
    }
}
