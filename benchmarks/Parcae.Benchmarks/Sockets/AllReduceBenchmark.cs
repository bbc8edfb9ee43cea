using System.Runtime.InteropServices;
using System.Security.Cryptography;
using Microsoft.Extensions.Logging.Abstractions;
using Parcae.GpuWorker.Collectives;
using Parcae.GpuWorker.Transport;
using Parcae.Grains;

namespace Parcae.Benchmarks.Sockets;

/// <summary>All-reduce of 100 MB between two processes over the data plane, beside plain blocking sockets that copy 100 MB each way at once.</summary>
internal static class AllReduceBenchmark
{
    private const int Elements = 25_000_000;
    private const int Pairs = 21;
    private const int WarmUps = 4;
    private static readonly string[] Replicas = ["first", "second"];

    public static async Task<BenchmarkResult> RunAsync()
    {
        using var peer = PeerProcess.Start("allreduce");
        using var listener = PlainSocket.Listen();
        var secret = RandomNumberGenerator.GetBytes(32);
        await using var plane = DataPlane.Listen(new DataPlaneOptions(), Replicas[0], NullLogger.Instance);
        using var mesh = plane.OpenMesh("job", 1, secret);
        await peer.WriteLineAsync($"{plane.Port} {((System.Net.IPEndPoint)listener.LocalEndPoint!).Port} {Convert.ToHexString(secret)}");
        using var plain = PlainSocket.Accept(listener);
        int port = int.Parse(await peer.ReadLineAsync());
        using var side = new Side(0, mesh, port, plain);
        var runs = new PairedRuns();
        for (int i = 0; i < WarmUps + Pairs; i++)
        {
            if (i == WarmUps) runs = new PairedRuns();
            await runs.AddAsync(() => TellAsync("ours", side.Reduce), () => TellAsync("plain", side.Copy), Elements * sizeof(float));
        }

        side.Check();
        return runs.Result("allreduce", "median of pairs, taken alternately; bytes of one replica's vector over time; peer: blocking sockets, the same bytes each way at once, no addition, no checksum", []);

        async Task TellAsync(string what, Action run)
        {
            await peer.WriteLineAsync(what);
            run();
        }
    }

    public static async Task PeerAsync()
    {
        var words = (await Console.In.ReadLineAsync())!.Split(' ');
        await using var plane = DataPlane.Listen(new DataPlaneOptions(), Replicas[1], NullLogger.Instance);
        using var mesh = plane.OpenMesh("job", 1, Convert.FromHexString(words[2]));
        using var plain = PlainSocket.Connect(int.Parse(words[1]));
        Console.WriteLine(plane.Port);
        using var side = new Side(1, mesh, int.Parse(words[0]), plain);
        while (await Console.In.ReadLineAsync() is { } what)
        {
            if (what == "ours") side.Reduce();
            else side.Copy();
        }
    }

    /// <summary>What either process does.</summary>
    private sealed unsafe class Side : IDisposable
    {
        private readonly int _self;
        private readonly PlainSocket _plain;
        private readonly TreeAllReduce _allReduce;
        private readonly float[] _own = GC.AllocateUninitializedArray<float>(Elements, pinned: true), _sum = GC.AllocateArray<float>(Elements, pinned: true);
        private int _step;

        public Side(int self, Mesh mesh, int port, PlainSocket plain)
        {
            (_self, _plain) = (self, plain);
            mesh.Connect([new MeshPeer(new PeerEndpoint(Replicas[1 - self], "127.0.0.1", port))], CancellationToken.None);
            _allReduce = new TreeAllReduce(mesh, Replicas, self, Replicas.Length);
            for (int i = 0; i < Elements; i++) _own[i] = (i % 1000 + 1) * (self + 1);
        }

        public void Reduce()
        {
            _plain.Meet();
            _allReduce.Run(_step++, 0, (IReadOnlyList<Memory<float>>)[_own], _sum);
            _plain.Meet();
        }

        public void Copy()
        {
            _plain.Meet();
            var sending = new Thread(() => _plain.Send(MemoryMarshal.AsBytes(_own.AsSpan())));
            sending.Start();
            _plain.Receive(MemoryMarshal.AsBytes(_sum.AsSpan()));
            sending.Join();
            _plain.Meet();
        }

        public void Check()
        {
            if (_self == 0 && _sum[5] != 18) Console.Error.WriteLine($"note: sum[5] {_sum[5]}");
        }

        public void Dispose()
        {
        }
    }
}
