using System.Security.Cryptography;
using Microsoft.Extensions.Logging.Abstractions;
using Parcae.GpuWorker.Transport;
using Parcae.Grains;

namespace Parcae.Benchmarks.Sockets;

/// <summary>State of a layer, fetched from another process over the data plane, beside a plain blocking socket that copies the same bytes one way.</summary>
internal static class TransferBenchmark
{
    private const int PartBytes = 64_000_000;
    private const int Parts = 3;
    private const int Pairs = 21;
    private const int WarmUps = 4;

    public static async Task<BenchmarkResult> RunAsync()
    {
        using var peer = PeerProcess.Start("transfer");
        using var listener = PlainSocket.Listen();
        var secret = RandomNumberGenerator.GetBytes(32);
        await using var plane = DataPlane.Listen(new DataPlaneOptions(), "fetcher", NullLogger.Instance);
        await peer.WriteLineAsync($"{((System.Net.IPEndPoint)listener.LocalEndPoint!).Port} {Convert.ToHexString(secret)}");
        using var plain = PlainSocket.Accept(listener);
        var holder = new PeerEndpoint("holder", "127.0.0.1", int.Parse(await peer.ReadLineAsync()));
        using var client = StateClient.Connect(plane, holder, "job", 1, secret, CancellationToken.None);
        var parts = Enumerable.Range(0, Parts).Select(_ => GC.AllocateArray<byte>(PartBytes, pinned: true)).ToArray();
        Memory<byte>[] destinations = [.. parts.Select(p => p.AsMemory())];
        var runs = new PairedRuns();
        for (int i = 0; i < WarmUps + Pairs; i++)
        {
            if (i == WarmUps) runs = new PairedRuns();
            await runs.AddAsync(Fetch, CopyAsync, (long)PartBytes * Parts);
        }

        if (!parts.Select((p, i) => p[0] == i + 1 && p[^1] == i + 1).All(same => same)) throw new InvalidOperationException("What was fetched is not what was held.");
        return runs.Result("transfer", $"median of pairs, taken alternately; {Parts} parts of {PartBytes} bytes, memory to memory; peer: a blocking socket, the same bytes one way, no checksum", []);

        Task Fetch()
        {
            client.Fetch(0, 0, destinations);
            return Task.CompletedTask;
        }

        async Task CopyAsync()
        {
            await peer.WriteLineAsync("plain");
            foreach (var part in parts) plain.Receive(part);
        }
    }

    public static async Task PeerAsync()
    {
        var words = (await Console.In.ReadLineAsync())!.Split(' ');
        var source = new Source();
        await using var plane = DataPlane.Listen(new DataPlaneOptions(), "holder", NullLogger.Instance);
        using var serving = plane.ServeState("job", Convert.FromHexString(words[1]), source);
        using var plain = PlainSocket.Connect(int.Parse(words[0]));
        Console.WriteLine(plane.Port);
        while (await Console.In.ReadLineAsync() is not null)
        {
            foreach (var part in source.Parts) plain.Send(part);
        }
    }

    private sealed class Source : IStateSource
    {
        public byte[][] Parts { get; } = [.. Enumerable.Range(0, TransferBenchmark.Parts).Select(part =>
        {
            var bytes = GC.AllocateUninitializedArray<byte>(PartBytes, pinned: true);
            Array.Fill(bytes, (byte)(part + 1));
            return bytes;
        })];

        public Task<StateStream?> OpenAsync(int layer, int version, CancellationToken cancellationToken) =>
            Task.FromResult<StateStream?>(new StateStream([.. Parts.Select(p => (ReadOnlyMemory<byte>)p)]));

        public string DescribeHoldings() => "layer 0 at version 0";
    }
}
