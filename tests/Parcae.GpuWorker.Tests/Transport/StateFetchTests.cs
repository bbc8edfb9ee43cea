using System.Security.Cryptography;
using Microsoft.Extensions.Logging.Abstractions;
using Parcae.GpuWorker.Transport;
using Parcae.Grains;
using Xunit;

namespace Parcae.GpuWorker.Tests.Transport;

public sealed class StateFetchTests : IAsyncDisposable
{
    private static readonly int RangeBytes = StateHolder.Options.StateRangeBytes;

    private readonly byte[] _secret = RandomNumberGenerator.GetBytes(32);
    private readonly byte[][] _parts = [RandomNumberGenerator.GetBytes(1_000_000), [], RandomNumberGenerator.GetBytes(1_000_004)];
    private readonly StateHolder _a, _b, _c;

    public StateFetchTests() => (_a, _b, _c) = (Holder("a"), Holder("b"), Holder("c"));

    private long Total => _parts.Sum(p => (long)p.Length);

    [Fact]
    public async Task Several_holders_give_a_layer_together()
    {
        // Nobody goes on before all three have been asked for something.
        using var all = new CountdownEvent(3);
        foreach (var holder in new[] { _a, _b, _c })
        {
            bool asked = false;
            holder.Reading = (_, _, _) =>
            {
                if (!asked) all.Signal();
                asked = true;
                Assert.True(all.Wait(Patience.Long));
            };
        }

        var received = await FetchAsync(1, _a, _b, _c);

        Assert.All(new[] { _a, _b, _c }, h => Assert.Equal(h.Read, received[h.Endpoint.InstanceId]));
        Assert.All(received.Values, bytes => Assert.InRange(bytes, 1, Total - 1));
    }

    [Fact]
    public async Task A_slow_holder_gives_less_and_holds_nobody_up()
    {
        // a gives nothing before b has given everything but the two ranges that a may have been asked for.
        using var asked = new ManualResetEventSlim();
        using var rest = new ManualResetEventSlim();
        _a.Reading = (_, _, _) =>
        {
            asked.Set();
            Assert.True(rest.Wait(Patience.Long));
        };
        _b.Reading = (_, _, count) =>
        {
            Assert.True(asked.Wait(Patience.Long));
            if (_b.Read + count >= Total - (2 * RangeBytes)) rest.Set();
        };

        var received = await FetchAsync(1, _a, _b);

        Assert.InRange(received["a"], 1, 2 * RangeBytes);
    }

    [Fact]
    public async Task What_a_holder_gave_before_it_died_is_kept()
    {
        using var dying = new ManualResetEventSlim();
        _a.Reading = (_, _, _) =>
        {
            // In the middle of its second range.
            if (_a.Read < RangeBytes * 3 / 2) return;
            dying.Set();
            throw new IOException("The holder dies.");
        };
        _b.Reading = (_, _, _) => Assert.True(dying.Wait(Patience.Long));

        var received = await FetchAsync(1, _a, _b);

        Assert.Equal(RangeBytes, received["a"]);
        Assert.Equal(Total - RangeBytes, received["b"]);
        Assert.Equal(received["b"], _b.Read); // nothing twice but what was under way
    }

    [Fact]
    public async Task A_holder_in_reserve_takes_over_from_one_that_died_or_refused()
    {
        _a.Holds = layer => layer == 0;
        _b.Reading = (_, _, _) => throw new IOException("The holder dies.");

        var received = await FetchAsync(StateHolder.Options with { StateSources = 1 }, 2, [_a.Endpoint, _b.Endpoint, _c.Endpoint]);

        Assert.Equal((Total, 0, Total), (received["a"], received["b"], received["c"]));
    }

    [Fact]
    public async Task A_holder_that_never_answers_is_not_waited_for()
    {
        using var silent = new System.Net.Sockets.Socket(System.Net.Sockets.AddressFamily.InterNetwork, System.Net.Sockets.SocketType.Stream, System.Net.Sockets.ProtocolType.Tcp);
        silent.Bind(new System.Net.IPEndPoint(System.Net.IPAddress.Loopback, 0));
        silent.Listen();
        var endpoint = new PeerEndpoint("silent", "127.0.0.1", ((System.Net.IPEndPoint)silent.LocalEndPoint!).Port);

        var received = await FetchAsync(StateHolder.Options with { HandshakeTimeout = 2 * Patience.Long }, 2, [endpoint, _a.Endpoint]).WaitAsync(Patience.Long, TestContext.Current.CancellationToken);

        Assert.Equal(2 * Total, received["a"]);
    }

    [Fact]
    public async Task A_holder_that_falls_silent_in_the_middle_is_not_waited_for()
    {
        using var silent = new ManualResetEventSlim();
        using var over = new ManualResetEventSlim();
        _a.Reading = (_, _, _) =>
        {
            if (_a.Read < RangeBytes * 3 / 2) return;
            silent.Set();
            Assert.True(over.Wait(Patience.Long));
        };
        _b.Reading = (_, _, _) => Assert.True(silent.Wait(Patience.Long));

        try
        {
            var received = await FetchAsync(StateHolder.Options with { HeartbeatTimeout = TimeSpan.FromSeconds(2) }, 1, [_a.Endpoint, _b.Endpoint]).WaitAsync(Patience.Long, TestContext.Current.CancellationToken);
            Assert.Equal((RangeBytes, Total - RangeBytes), (received["a"], received["b"]));
        }
        finally
        {
            over.Set();
        }
    }

    [Fact]
    public async Task A_wrong_checksum_puts_its_holder_out()
    {
        using var tampering = new TamperingProxy(_a.Endpoint, 400_000);
        using var tampered = new ManualResetEventSlim();
        _a.Reading = (_, _, _) =>
        {
            if (_a.Read > 400_000) tampered.Set();
        };
        _b.Reading = (_, _, _) => Assert.True(tampered.Wait(Patience.Long));

        var received = await FetchAsync(StateHolder.Options, 1, [tampering.Endpoint, _b.Endpoint]);

        Assert.Equal((RangeBytes, Total - RangeBytes), (received["a"], received["b"]));
        var alone = await Assert.ThrowsAsync<InvalidOperationException>(() => FetchAsync(StateHolder.Options, 1, [tampering.Endpoint]));
        Assert.Matches("^Nobody gave layers 0 at version 5\\. a: A chunk of layer 0 from a has the checksum [0-9a-f]{16}; [0-9a-f]{16} was sent\\.$", alone.Message);
    }

    [Fact]
    public async Task What_nobody_gives_is_an_error_with_what_each_holder_said()
    {
        _a.Holds = _b.Holds = layer => layer == 0;
        var gone = new PeerEndpoint("gone", "127.0.0.1", 1);

        var failed = await Assert.ThrowsAsync<InvalidOperationException>(() => FetchAsync(StateHolder.Options, 2, [_a.Endpoint, _b.Endpoint, gone]));

        Assert.StartsWith("Nobody gave layers 1 at version 5. ", failed.Message, StringComparison.Ordinal);
        Assert.Contains("a: a does not hold layer 1 at version 5; it holds some layers at version 5.", failed.Message, StringComparison.Ordinal);
        Assert.Contains("b: b does not hold layer 1 at version 5; it holds some layers at version 5.", failed.Message, StringComparison.Ordinal);
        Assert.Contains("gone: Connection refused", failed.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_fetch_that_is_cancelled_ends_as_cancelled()
    {
        using var cancel = new CancellationTokenSource();
        _a.Reading = (_, _, _) =>
        {
            cancel.Cancel();
            throw new IOException("Nothing is sent.");
        };

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => FetchAsync(StateHolder.Options, 1, [_a.Endpoint], cancel.Token));
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var holder in new[] { _a, _b, _c }) await holder.DisposeAsync();
    }

    private StateHolder Holder(string id) => new(id, _secret, _parts);

    private Task<IReadOnlyDictionary<string, long>> FetchAsync(int layers, params StateHolder[] holders) => FetchAsync(StateHolder.Options, layers, [.. holders.Select(h => h.Endpoint)]);

    /// <summary>Fetches, and sees that every layer is told of once and is what the holders have, and that they gave no more than that.</summary>
    private async Task<IReadOnlyDictionary<string, long>> FetchAsync(DataPlaneOptions options, int layers, PeerEndpoint[] holders, CancellationToken cancellation = default)
    {
        await using var plane = DataPlane.Listen(options, "target", NullLogger.Instance);
        var received = Enumerable.Range(0, layers).Select(_ => _parts.Select(p => new byte[p.Length]).ToArray()).ToArray();
        var complete = new System.Collections.Concurrent.ConcurrentQueue<int>();
        var wanted = received.Select((parts, layer) => new WantedLayer(layer, 5, holders, new MemoryStateTarget([.. parts.Select(p => p.AsMemory())]))).ToArray();
        var bytes = await StateFetch.RunAsync(plane, "job", 1, _secret, wanted, layer => complete.Enqueue(layer.Layer), cancellation);
        foreach (var layer in received) Assert.All(layer, (part, i) => Assert.True(part.AsSpan().SequenceEqual(_parts[i])));
        Assert.Equal(Enumerable.Range(0, layers), complete.Order());
        Assert.Equal(layers * Total, bytes.Values.Sum());
        return bytes;
    }
}
