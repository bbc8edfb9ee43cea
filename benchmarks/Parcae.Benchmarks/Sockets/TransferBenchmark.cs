using System.Net;
using System.Security.Cryptography;
using Microsoft.Extensions.Logging.Abstractions;
using Parcae.GpuWorker.Transport;
using Parcae.Grains;

namespace Parcae.Benchmarks.Sockets;

/// <summary>
/// State of a layer, fetched from another process over the data plane, beside a plain blocking socket that copies the same bytes one way, both connected;
/// then as workers prepare with, in ranges over fresh connections, from three processes beside one.
/// </summary>
internal static class TransferBenchmark
{
    internal const int PartBytes = 64_000_000;
    internal const int Parts = 3;
    private const int Pairs = 21;
    private const int WarmUps = 8;
    private const int Sources = 3;
    private const long Bytes = (long)PartBytes * Parts;

    public static async Task<BenchmarkResult> RunAsync()
    {
        var secret = RandomNumberGenerator.GetBytes(32);
        var peers = Enumerable.Range(0, Sources).Select(_ => PeerProcess.Start("transfer")).ToArray();
        try
        {
            using var listener = PlainSocket.Listen();
            var holders = new PeerEndpoint[Sources];
            for (int i = 0; i < Sources; i++)
            {
                await peers[i].WriteLineAsync($"{Holder(i)} {((IPEndPoint)listener.LocalEndPoint!).Port} {Convert.ToHexString(secret)}");
                holders[i] = new PeerEndpoint(Holder(i), "127.0.0.1", int.Parse(await peers[i].ReadLineAsync()));
            }

            return await MeasureAsync(peers, holders, listener, secret);
        }
        finally
        {
            foreach (var peer in peers) peer.Dispose();
        }
    }

    private static async Task<BenchmarkResult> MeasureAsync(PeerProcess[] peers, PeerEndpoint[] holders, System.Net.Sockets.Socket listener, byte[] secret)
    {
        await using var plane = DataPlane.Listen(new DataPlaneOptions(), "fetcher", NullLogger.Instance);
        await peers[0].WriteLineAsync("connect");
        using var plain = PlainSocket.Accept(listener);
        var parts = Enumerable.Range(0, Parts).Select(_ => GC.AllocateArray<byte>(PartBytes, pinned: true)).ToArray();
        Memory<byte>[] destinations = [.. parts.Select(p => p.AsMemory())];
        var target = new MemoryStateTarget(destinations);
        using var client = StateClient.Connect(plane, holders[0], "job", 1, secret, CancellationToken.None);
        var shares = new long[Sources];

        var toPlain = await PairsAsync(WholeAsync, CopyAsync);
        var toOne = await PairsAsync(() => FetchAsync(Sources), () => FetchAsync(1));
        if (!parts.Select((p, i) => p[0] == i + 1 && p[^1] == i + 1).All(same => same)) throw new InvalidOperationException("What was fetched is not what was held.");
        var three = toOne.Result("three", "", []);
        return toPlain.Result(
            "transfer",
            $"median of pairs, taken alternately; {Parts} parts of {PartBytes} bytes, memory to memory; peer: a blocking socket, the same bytes one way, no checksum; three sources beside one: in ranges, with connecting",
            new Dictionary<string, object>
            {
                ["threeSources"] = three.Ours,
                ["oneSource"] = three.Peer!,
                ["threeSourcesToOne"] = three.Ratio!,
                ["threeSourcesRatios"] = three.Detail["ratios"],
                ["threeSourcesProcessorMilliseconds"] = three.Detail["processorMillisecondsOurs"],
                ["threeSourcesShares"] = shares.Select(s => Math.Round((double)s / shares.Sum(), 3)).ToArray(),
            });

        TimeSpan ProcessorTime() => peers.Skip(1).Aggregate(peers[0].ProcessorTime(), (sum, peer) => sum + peer.OwnProcessorTime());

        async Task<PairedRuns> PairsAsync(Func<Task> ours, Func<Task> peer)
        {
            var runs = new PairedRuns(ProcessorTime);
            for (int i = 0; i < WarmUps + Pairs; i++)
            {
                if (i == WarmUps) runs = new PairedRuns(ProcessorTime);
                await runs.AddAsync(ours, peer, Bytes);
            }

            return runs;
        }

        Task WholeAsync()
        {
            client.Fetch(0, 0, destinations);
            return Task.CompletedTask;
        }

        async Task FetchAsync(int sources)
        {
            var wanted = new WantedLayer(0, 0, holders[..sources], target);
            var received = await StateFetch.RunAsync(plane, "job", 1, secret, [wanted], _ => { }, CancellationToken.None);
            if (sources == Sources)
            {
                for (int i = 0; i < Sources; i++) shares[i] += received.GetValueOrDefault(Holder(i));
            }
        }

        async Task CopyAsync()
        {
            await peers[0].WriteLineAsync("plain");
            foreach (var part in parts) plain.Receive(part);
        }
    }

    public static async Task PeerAsync()
    {
        var words = (await Console.In.ReadLineAsync())!.Split(' ');
        var source = new Source();
        await using var plane = DataPlane.Listen(new DataPlaneOptions(), words[0], NullLogger.Instance);
        using var serving = plane.ServeState("job", Convert.FromHexString(words[2]), source);
        Console.WriteLine(plane.Port);
        // Only one of them is asked for the plain socket.
        if (await Console.In.ReadLineAsync() is null) return;
        using var plain = PlainSocket.Connect(int.Parse(words[1]));
        while (await Console.In.ReadLineAsync() is not null)
        {
            foreach (var part in source.Parts) plain.Send(part);
        }
    }

    private static string Holder(int i) => $"holder-{i}";

    internal sealed class Source : IStateSource
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
