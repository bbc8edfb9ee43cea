using Parcae.Grains;

namespace Parcae.GpuWorker.Transport;

/// <summary>A peer to connect to. Both sides must list each other; who of the two dials is the transport's business.</summary>
/// <param name="Endpoint">Who, and where its data plane listens.</param>
/// <param name="Optional">Whether the mesh goes on without it: its loss only raises <see cref="Mesh.PeerLost"/>, and frames to it are dropped.</param>
public sealed record MeshPeer(PeerEndpoint Endpoint, bool Optional = false);

/// <summary>What went to and came from one peer.</summary>
/// <param name="BytesSent">Bytes handed to the operating system, headers included.</param>
/// <param name="BytesReceived">Bytes received, headers included.</param>
/// <param name="Waited">Time that receivers were blocked for its frames.</param>
public readonly record struct PeerTraffic(long BytesSent, long BytesReceived, TimeSpan Waited);
