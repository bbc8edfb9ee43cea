using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using System.Security.Cryptography;
using Microsoft.Extensions.Logging.Abstractions;
using Parcae.GpuWorker.Tests.Security;
using Parcae.GpuWorker.Transport;
using Parcae.Grains;
using Parcae.Grains.Security;

namespace Parcae.Benchmarks.Sockets;

/// <summary>
/// State of a layer, fetched from another process over the data plane with mutual TLS, beside the runtime's TLS stream on a blocking socket that copies the same bytes one way; then beside the data plane without TLS.
/// </summary>
internal static class TlsTransferBenchmark
{
    private const int Pairs = 15, WarmUps = 5;
    private const string Holder = "holder";

    public static async Task<BenchmarkResult> RunAsync()
    {
        using var authority = new TestAuthority();
        var (certificate, key) = authority.Issue(Holder);
        var tls = MutualTls.Read(certificate, key, authority.AuthorityFile);
        string secret = Convert.ToHexString(RandomNumberGenerator.GetBytes(32));
        using var peer = PeerProcess.Start("transfer-tls");
        using var listener = PlainSocket.Listen();
        await peer.WriteLineAsync(string.Join('\t', certificate, key, authority.AuthorityFile, secret, ((IPEndPoint)listener.LocalEndPoint!).Port));
        var encrypted = await ClientAsync(tls);
        var plain = await ClientAsync(null);
        await peer.WriteLineAsync("connect");
        using var stream = new SslStream(new NetworkStream(listener.Accept(), ownsSocket: true), false, (_, _, _, errors) => MutualTls.Accepts(errors));
        var options = new SslServerAuthenticationOptions();
        tls.Apply(options);
        stream.AuthenticateAsServer(options);

        var parts = Enumerable.Range(0, TransferBenchmark.Parts).Select(_ => GC.AllocateArray<byte>(TransferBenchmark.PartBytes, pinned: true)).ToArray();
        Memory<byte>[] destinations = [.. parts.Select(p => p.AsMemory())];
        var toStream = await PairsAsync(() => FetchAsync(encrypted), CopyAsync);
        var toPlain = await PairsAsync(() => FetchAsync(encrypted), () => FetchAsync(plain));
        if (!parts.Select((p, i) => p[0] == i + 1 && p[^1] == i + 1).All(same => same)) throw new InvalidOperationException("What was fetched is not what was held.");
        var without = toPlain.Result("plain", "", []);
        return toStream.Result(
            "transfer-tls",
            $"median of pairs, taken alternately; {TransferBenchmark.Parts} parts of {TransferBenchmark.PartBytes} bytes, memory to memory; peer: SslStream over a blocking socket, {stream.NegotiatedCipherSuite}, the same bytes one way, no checksum",
            new Dictionary<string, object>
            {
                ["withoutTls"] = without.Peer!,
                ["tlsToWithout"] = without.Ratio!,
                ["processorMillisecondsWithout"] = without.Detail["processorMillisecondsPeer"],
            });

        async Task<(DataPlane Plane, StateClient Client)> ClientAsync(MutualTls? identity)
        {
            int port = int.Parse(await peer.ReadLineAsync());
            var plane = DataPlane.Listen(new DataPlaneOptions { Tls = identity }, "fetcher", NullLogger.Instance);
            return (plane, StateClient.Connect(plane, new PeerEndpoint(Holder, "127.0.0.1", port), "job", 1, Convert.FromHexString(secret), CancellationToken.None));
        }

        Task FetchAsync((DataPlane Plane, StateClient Client) from)
        {
            from.Client.Fetch(0, 0, destinations);
            return Task.CompletedTask;
        }

        async Task CopyAsync()
        {
            await peer.WriteLineAsync("copy");
            foreach (var part in parts) stream.ReadExactly(part);
        }

        async Task<PairedRuns> PairsAsync(Func<Task> ours, Func<Task> other)
        {
            var runs = new PairedRuns(peer.ProcessorTime);
            for (int i = 0; i < WarmUps + Pairs; i++)
            {
                if (i == WarmUps) runs = new PairedRuns(peer.ProcessorTime);
                await runs.AddAsync(ours, other, (long)TransferBenchmark.PartBytes * TransferBenchmark.Parts);
            }

            return runs;
        }
    }

    public static async Task PeerAsync()
    {
        var words = (await Console.In.ReadLineAsync())!.Split('\t');
        var tls = MutualTls.Read(words[0], words[1], words[2]);
        var source = new TransferBenchmark.Source();
        await using DataPlane encrypted = Listen(tls), plain = Listen(null);
        if (await Console.In.ReadLineAsync() is null) return;
        var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        socket.Connect(IPAddress.Loopback, int.Parse(words[4]));
        using var stream = new SslStream(new NetworkStream(socket, ownsSocket: true), false, (_, _, _, errors) => MutualTls.Accepts(errors));
        var options = new SslClientAuthenticationOptions();
        tls.Apply(options, "127.0.0.1");
        stream.AuthenticateAsClient(options);
        while (await Console.In.ReadLineAsync() is not null)
        {
            foreach (var part in source.Parts) stream.Write(part);
        }

        DataPlane Listen(MutualTls? identity)
        {
            var plane = DataPlane.Listen(new DataPlaneOptions { Tls = identity }, Holder, NullLogger.Instance);
            plane.ServeState("job", Convert.FromHexString(words[3]), source);
            Console.WriteLine(plane.Port);
            return plane;
        }
    }
}
