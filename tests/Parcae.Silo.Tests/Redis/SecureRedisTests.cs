using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using Parcae.Client;
using Parcae.GpuWorker.Tests.Security;
using Parcae.Grains;
using Parcae.Silo.Tests.Durability;
using Xunit;

namespace Parcae.Silo.Tests.Redis;

/// <summary>Redis with TLS, with certificates of clients, with a user that may do what the service needs and no more.</summary>
[Collection(Deployment.OneAtATime)]
public sealed class SecureRedisTests
{
    [Fact]
    public async Task A_control_silo_a_worker_and_a_client_do_their_work_with_the_documented_rights_and_nobody_sees_the_password()
    {
        await using var redis = await SecureRedis.StartAsync(certificates: true);
        var (certificate, key) = redis.Authority.Issue("silo");
        var connection = redis.Connection with { Certificate = certificate, Key = key };
        int http = FreePorts.Next();
        string[] common = ["--redis", connection.Address, "--redis-ca", connection.Ca!, "--redis-certificate", certificate, "--redis-key", key, "--availability", "none", "--stop-timeout", "10"];
        var control = await StartAsync(redis, "c-1", ["--role", "control", "--silo-port", $"{FreePorts.Next()}", "--gateway-port", $"{FreePorts.Next()}", "--http-port", $"{http}", "--redis-password-file", connection.PasswordFile!, .. common]);
        // A variable does as well as an option.
        var worker = await StartAsync(redis, "w-1", ["--role", "worker", "--silo-port", $"{FreePorts.Next()}", .. common], ("PARCAE_REDIS_PASSWORD_FILE", connection.PasswordFile!));

        var options = new ParcaeClientOptions { Redis = connection.Address, RedisPasswordFile = connection.PasswordFile, RedisCa = connection.Ca, RedisCertificate = certificate, RedisKey = key };
        await using (var client = await ParcaeClient.ConnectAsync(options, TestContext.Current.CancellationToken))
        {
            await client.SubmitAsync(TestJob.Small.Spec with { Training = TestJob.Small.Spec.Training with { Steps = 60 } }, "j-1", TestContext.Current.CancellationToken);
            using var patience = new CancellationTokenSource(Patience.Long);
            var last = (await client.GetStatusAsync("j-1", patience.Token)).CommittedStep;
            await foreach (var update in client.WatchAsync("j-1", cancellation: patience.Token)) last = update.Status.CommittedStep;
            Assert.Equal(60, last);
            TestJob.Small.AssertUndisturbed(await client.GetHistoryAsync("j-1", cancellation: patience.Token));
        }

        string metrics = await new HttpClient().GetStringAsync(new Uri($"http://127.0.0.1:{http}/metrics"), TestContext.Current.CancellationToken);
        foreach (var process in (Process[])[control, worker]) Hidden(File.ReadAllText($"/proc/{process.Id}/cmdline"));
        Hidden(metrics);
        Hidden($"{options} {connection} {connection.ToOptions().ToString(includePassword: false)}");
        foreach (var process in (Process[])[worker, control]) Assert.Equal(0, (await Signals.TerminateAsync(process)).Code);
        // All that the libraries say of themselves at the level Debug.
        Hidden(redis.Processes.Output);
        Assert.Contains("ConfigurationOptions: 127.0.0.1", redis.Processes.Output, StringComparison.Ordinal);
        Assert.Empty(await redis.RefusedAsync(connection));
    }

    [Fact]
    public async Task What_a_replay_and_a_silo_that_returns_need_is_within_the_documented_rights()
    {
        await using var redis = await SecureRedis.StartAsync();
        var options = redis.Connection.ToOptions();
        await using var connection = await StackExchange.Redis.ConnectionMultiplexer.ConnectAsync(options);
        var database = connection.GetDatabase();
        Assert.True(await database.LockTakeAsync("parcae/replay/fleet/default", "one", TimeSpan.FromSeconds(30)));
        Assert.True(await database.LockExtendAsync("parcae/replay/fleet/default", "one", TimeSpan.FromSeconds(30)));
        Assert.Equal("one", await database.LockQueryAsync("parcae/replay/fleet/default"));
        Assert.True(await database.LockReleaseAsync("parcae/replay/fleet/default", "one"));
        Assert.True(await database.StringSetAsync(VanishOrder.RecallKey("parcae", "order"), "1", TimeSpan.FromDays(1)));
        Assert.True(await database.KeyExistsAsync(VanishOrder.RecallKey("parcae", "order")));
        Assert.Empty(await redis.RefusedAsync(redis.Connection));

        var refused = await Assert.ThrowsAsync<StackExchange.Redis.RedisServerException>(() => database.StringGetAsync("another/key"));
        Assert.StartsWith("NOPERM", refused.Message, StringComparison.Ordinal);
        Assert.Equal(["key another/key"], await redis.RefusedAsync(redis.Connection));
    }

    [Fact]
    public async Task What_Redis_refuses_is_said_in_words()
    {
        await using var redis = await SecureRedis.StartAsync();
        await using var plain = await SecureRedis.StartAsync(tls: false);
        await using var strict = await SecureRedis.StartAsync(certificates: true);
        await using var elsewhere = await SecureRedis.StartAsync(host: "redis.example");
        await using var old = await SecureRedis.StartAsync(expired: true);
        using var other = new TestAuthority("other");
        var good = redis.Connection;
        string wrong = redis.Write("wrong", "quite-wrong");

        Assert.Null(await good.CheckAsync(TestContext.Current.CancellationToken));
        Assert.Null(await plain.Connection.CheckAsync(TestContext.Current.CancellationToken));
        Assert.Null(await (good with { Address = $"127.0.0.1:{FreePorts.Next()},user=parcae" }).CheckAsync(TestContext.Current.CancellationToken));
        // A proxy whose Redis is away: no reason to give up.
        using (var proxy = new TcpListener(IPAddress.Loopback, 0))
        {
            proxy.Start();
            using var enough = new CancellationTokenSource();
            var closing = CloseAllAsync(proxy, enough.Token);
            int port = ((IPEndPoint)proxy.LocalEndpoint).Port;
            foreach (var away in (RedisConnection[])[good with { Address = $"127.0.0.1:{port}" }, plain.Connection with { Address = $"127.0.0.1:{port}" }])
                Assert.Equal($"Redis at 127.0.0.1:{port}: it takes connections and does not say a word", await away.CheckAsync(TestContext.Current.CancellationToken));
            await enough.CancelAsync();
            await Assert.ThrowsAnyAsync<OperationCanceledException>(() => closing);
        }

        await SaysAsync(good with { PasswordFile = wrong }, "it does not accept user 'parcae' with this password, or the user is disabled");
        await SaysAsync(good with { PasswordFile = null }, "it wants a password and was given none");
        await SaysAsync(good with { Ca = other.AuthorityFile }, "its certificate (CN=redis) is of an authority that is not trusted: it is none of those that were named");
        await SaysAsync(good with { Ca = null, Address = good.Address + ",ssl=true" }, "its certificate (CN=redis) is of an authority that is not trusted: a private one has to be named");
        await SaysAsync(elsewhere.Connection, "its certificate (CN=redis) is for other names than the one that it is called by here");
        await SaysAsync(old.Connection, "has expired or is not valid yet: it is valid from ");
        await SaysAsync(plain.Connection with { Ca = good.Ca }, "it was asked to speak TLS and does not there");
        await SaysAsync(good with { Ca = null }, "it speaks TLS there and was asked without: ssl=true");
        await SaysAsync(strict.Connection, "it wants a certificate of its clients");
        var (certificate, key) = other.Issue("stranger");
        await SaysAsync(strict.Connection with { Certificate = certificate, Key = key }, "it does not accept the certificate that it was shown");

        // A silo and a client say the same, and do not try again.
        string[] arguments = ["--role", "worker", "--redis", good.Address, "--redis-ca", good.Ca!, "--silo-port", "0", "--availability", "none"];
        var (code, said) = await RunAsync(redis, [.. arguments, "--redis-password-file", wrong]);
        Assert.Equal((1, $"Redis at {good.Address}: it does not accept user 'parcae' with this password, or the user is disabled"), (code, said));
        var refused = await Assert.ThrowsAsync<ParcaeUnavailableException>(() => ParcaeClient.ConnectAsync(new ParcaeClientOptions { Redis = good.Address, RedisPasswordFile = wrong, RedisCa = good.Ca, ConnectTimeout = TimeSpan.FromHours(1) }));
        Assert.Equal(said, refused.Message);
        var hidden = await Assert.ThrowsAsync<ParcaeUnavailableException>(() => ParcaeClient.ConnectAsync(new ParcaeClientOptions { Redis = $"127.0.0.1:{redis.Port},password=quite-wrong,ssl=true" }));
        Assert.DoesNotContain("quite-wrong", hidden.ToString(), StringComparison.Ordinal);

        (code, said) = await RunAsync(redis, [.. arguments, "--redis-password-file", "/no/such"]);
        Assert.Equal((2, "--redis-password-file /no/such: there is no such file"), (code, said));
    }

    private static async Task SaysAsync(RedisConnection connection, string words)
    {
        var refused = await Assert.ThrowsAsync<RedisRefusedException>(() => connection.CheckAsync());
        Assert.StartsWith($"Redis at {connection.Address}: ", refused.Message, StringComparison.Ordinal);
        Assert.Contains(words, refused.Message, StringComparison.Ordinal);
    }

    private static async Task CloseAllAsync(TcpListener listener, CancellationToken enough)
    {
        while (true) (await listener.AcceptTcpClientAsync(enough)).Dispose();
    }

    private static void Hidden(string text) => Assert.DoesNotContain(SecureRedis.Password, text, StringComparison.Ordinal);

    private static Task<Process> StartAsync(SecureRedis redis, string id, string[] arguments, params (string Name, string Value)[] environment)
    {
        var start = SiloProcesses.Silo([.. arguments, "--instance-id", id]);
        foreach (var (name, value) in environment) start.Environment[name] = value;
        foreach (string category in (string[])["Default", "Orleans", "Microsoft", "StackExchange"]) start.Environment[$"Logging__LogLevel__{category}"] = "Debug";
        return redis.Processes.StartAsync(start, line => line == $"READY {id}", $"READY {id}");
    }

    private static async Task<(int Code, string Said)> RunAsync(SecureRedis redis, string[] arguments)
    {
        var process = redis.Processes.Start(arguments);
        using var patience = new CancellationTokenSource(Patience.Long);
        string said = await process.StandardError.ReadToEndAsync(patience.Token);
        await process.WaitForExitAsync(patience.Token);
        return (process.ExitCode, said.Trim());
    }
}
