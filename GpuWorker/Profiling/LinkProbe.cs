using System.Diagnostics;
using Parcae.GpuWorker.Transport;
using Parcae.Grains.Profiling;

namespace Parcae.GpuWorker.Profiling;

/// <summary>Times transfers to a peer over the data plane, as activations and gradients travel. Both sides call it at the same time.</summary>
internal static class LinkProbe
{
    private const string Job = "parcae-profile-link";
    private static readonly byte[] Received = [1];

    /// <summary>Sends, or receives, each size some times.</summary>
    /// <returns>The medians; nothing where this side receives.</returns>
    /// <exception cref="MeshBrokenException">The peer is lost.</exception>
    public static LinkTime[] Run(DataPlane plane, LinkCall call)
    {
        using var mesh = plane.OpenMesh(Job, 1, call.Secret);
        mesh.Connect([new MeshPeer(call.Peer)], CancellationToken.None);
        string peer = call.Peer.InstanceId;
        var times = new List<LinkTime>();

        // Index 0 of each size has a single byte: what a message costs by itself, there and back.
        for (int size = 0; size < call.Sizes.Length; size++)
        {
            double both = Median(Rounds(mesh, peer, call, (2 * size) + 1, 1));
            double there = Median(Rounds(mesh, peer, call, (2 * size) + 2, call.Sizes[size]));
            if (call.Leads) times.Add(new LinkTime(call.Sizes[size], Math.Max(there - (both / 2), both / 2)));
        }

        if (!mesh.Flush(TimeSpan.FromSeconds(5))) throw new TimeoutException($"What was sent to {peer} was not taken within 5 s.");
        return [.. times];
    }

    private static List<double> Rounds(Mesh mesh, string peer, LinkCall call, int step, long bytes)
    {
        var times = new List<double>(call.Rounds);
        var payload = call.Leads ? new byte[bytes] : [];
        for (int round = 0; round < call.Rounds; round++)
        {
            var (data, answer) = (new FrameKey(FrameKind.Activation, step, round), new FrameKey(FrameKind.Gradient, step, round));
            long start = Stopwatch.GetTimestamp();
            if (call.Leads)
            {
                mesh.Send(peer, data, payload);
                mesh.Receive(peer, answer).Dispose();
            }
            else
            {
                mesh.Receive(peer, data).Dispose();
                mesh.Send(peer, answer, Received);
            }

            times.Add(Stopwatch.GetElapsedTime(start).TotalMilliseconds);
        }

        return times;
    }

    private static double Median(List<double> times)
    {
        times.Sort();
        return (times[(times.Count - 1) / 2] + times[times.Count / 2]) / 2;
    }
}
