using System.Diagnostics;
using StackExchange.Redis;
using Xunit;

namespace Parcae.Silo.Tests.Durability;

/// <summary>What the embedded store promises to those whose state it keeps.</summary>
[Collection(Deployment.OneAtATime)]
public sealed class EmbeddedStoreTests : IAsyncDisposable
{
    private readonly SiloProcesses _processes = new();
    private readonly int _port = FreePorts.Next();

    [Fact]
    public async Task What_was_acknowledged_is_there_after_a_kill_in_the_middle_of_writing()
    {
        var store = await StartAsync();
        var acknowledged = new int[8];
        await using (var redis = await ConnectionMultiplexer.ConnectAsync($"127.0.0.1:{_port},abortConnect=false,asyncTimeout=1000"))
        {
            var begun = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            var writers = acknowledged.Select((_, writer) => WriteAsync(redis.GetDatabase(), writer, acknowledged, begun)).ToArray();
            await begun.Task;
            await Signals.KillAsync(store);
            await Task.WhenAll(writers);
        }

        await StartAsync();

        await using var again = await ConnectionMultiplexer.ConnectAsync($"127.0.0.1:{_port}");
        foreach (int writer in Enumerable.Range(0, acknowledged.Length))
        {
            // One more may have been written whose answer nobody has seen.
            Assert.InRange((int)await again.GetDatabase().StringGetAsync($"writer-{writer}"), acknowledged[writer], acknowledged[writer] + 1);
        }
    }

    [Fact]
    public async Task Its_files_do_not_grow_with_what_was_ever_written()
    {
        const int megabyte = 1 << 20;
        var store = await StartAsync();
        await using (var redis = await ConnectionMultiplexer.ConnectAsync($"127.0.0.1:{_port}"))
        {
            var database = redis.GetDatabase();
            await database.StringSetAsync("first", 1);
            byte[] value = new byte[megabyte];
            for (int i = 0; i < 240; i++) await database.StringSetAsync($"value-{i % 4}", value);
            var watch = Stopwatch.StartNew();
            while (Size() > 120L * megabyte)
            {
                Assert.True(watch.Elapsed < Patience.Long, $"The store's files have {Size() >> 20} MiB after 240 MiB were written over 4 MiB.");
                await Task.Delay(200, TestContext.Current.CancellationToken);
            }
        }

        await Signals.KillAsync(store);
        await StartAsync();
        await using var again = await ConnectionMultiplexer.ConnectAsync($"127.0.0.1:{_port}");
        Assert.Equal(1, (int)await again.GetDatabase().StringGetAsync("first"));
        Assert.Equal(megabyte, await again.GetDatabase().StringLengthAsync("value-3"));
    }

    public ValueTask DisposeAsync() => _processes.DisposeAsync();

    private Task<Process> StartAsync() => _processes.StartAsync("READY store", "store", "--port", $"{_port}", "--data", _processes.Folder);

    private long Size() => new DirectoryInfo(_processes.Folder).EnumerateFiles("*", SearchOption.AllDirectories).Sum(f => f.Length);

    /// <summary>Writes the next number again and again, by a script as Orleans' providers do, until the store is gone.</summary>
    private static async Task WriteAsync(IDatabase database, int writer, int[] acknowledged, TaskCompletionSource begun)
    {
        try
        {
            for (int number = 1; ; number++)
            {
                await database.ScriptEvaluateAsync("redis.call('SET', KEYS[1], ARGV[1]) return 1", [$"writer-{writer}"], [number]);
                acknowledged[writer] = number;
                if (number == 100) begun.TrySetResult();
            }
        }
        catch (Exception e) when (e is RedisException or RedisTimeoutException or TimeoutException)
        {
            // It is gone.
        }
    }
}
