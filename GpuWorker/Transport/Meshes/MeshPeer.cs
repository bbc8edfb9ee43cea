using Parcae.Grains;

namespace Parcae.GpuWorker.Transport;

/// <summary>A peer to connect to. Both sides must list each other; who of the two dials is the transport's business.</summary>
/// <param name="Endpoint">Who, and where its data plane listens.</param>
/// <param name="Optional">Whether the mesh goes on without it, and never waits for it: when it is lost, or more bytes wait for it than may, it is cut off, and frames to it are dropped.</param>
/// <param name="QueueBytes">Bytes that may wait for an optional peer where <see cref="DataPlaneOptions.SendQueueBytes"/> are fewer.</param>
public sealed record MeshPeer(PeerEndpoint Endpoint, bool Optional = false, long QueueBytes = 0);

/// <summary>What went to and came from one peer.</summary>
/// <param name="BytesSent">Bytes handed to the operating system, headers included.</param>
/// <param name="BytesReceived">Bytes received, headers included.</param>
/// <param name="Waited">Time that receivers were blocked for its frames.</param>
public readonly record struct PeerTraffic(long BytesSent, long BytesReceived, TimeSpan Waited);
