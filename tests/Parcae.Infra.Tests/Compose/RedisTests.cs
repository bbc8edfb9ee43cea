using System.Diagnostics;
using Parcae.Infra.Tests.Support;
using Parcae.Silo.Tests;
using StackExchange.Redis;

namespace Parcae.Infra.Tests.Compose;

/// <summary>The Redis of compose file and chart: its start script and configuration with a real redis-server.</summary>
public sealed class RedisTests : IAsyncDisposable
{
    private readonly Scratch _scratch = new();
    private readonly SiloProcesses _processes = new();

    [Fact]
    public async Task It_wants_the_password_of_the_file_and_writes_before_it_answers()
    {
        Tool.Need("redis-server", "apt-get install redis-server");
        string password = _scratch.Write("password", "0123456789abcdef\n");
        int port = FreePorts.Next();
        var start = new ProcessStartInfo("sh", [Repository.Place("infra/redis/start"), Configuration(), password, "--port", $"{port}"]);
        await _processes.StartAsync(start, line => line.Contains("Ready to accept connections", StringComparison.Ordinal), "Ready to accept connections");

        await using (var stranger = await ConnectionMultiplexer.ConnectAsync($"127.0.0.1:{port},abortConnect=false,connectRetry=0,connectTimeout=1000"))
            await Assert.ThrowsAnyAsync<RedisException>(() => stranger.GetDatabase().PingAsync());

        await using var known = await ConnectionMultiplexer.ConnectAsync($"127.0.0.1:{port},password=0123456789abcdef,allowAdmin=true");
        var server = known.GetServers()[0];
        Assert.Equal(("yes", "always", "", "noeviction"), (Get("appendonly"), Get("appendfsync"), Get("save"), Get("maxmemory-policy")));
        string Get(string name) => server.ConfigGet(name).Single().Value;
    }

    [Fact]
    public void A_password_that_is_none_is_refused_without_being_shown()
    {
        string password = _scratch.Write("password", "two words\n");
        var result = Tool.Need("sh", "apt-get install dash").Run([Repository.Place("infra/redis/start"), Configuration(), password]);
        Assert.Equal(2, result.Status);
        Assert.DoesNotContain("two words", result.Error, StringComparison.Ordinal);
    }

    public async ValueTask DisposeAsync()
    {
        await _processes.DisposeAsync();
        _scratch.Dispose();
    }

    // As it is, but in a folder that there is on this machine.
    private string Configuration() => _scratch.Write("redis.conf", Repository.Read("infra/redis/redis.conf").Replace("dir /data", $"dir {_scratch.Folder}", StringComparison.Ordinal));
}
