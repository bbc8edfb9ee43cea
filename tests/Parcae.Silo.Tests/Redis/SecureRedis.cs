using System.Diagnostics;
using System.Globalization;
using System.Text.RegularExpressions;
using Parcae.Client.Tests;
using Parcae.GpuWorker.Tests.Security;
using Parcae.Grains;
using StackExchange.Redis;
using Xunit;

namespace Parcae.Silo.Tests.Redis;

/// <summary>A real redis-server with users, and with TLS where that is asked for.</summary>
internal sealed partial class SecureRedis : IAsyncDisposable
{
    /// <summary>The password of the service's user: a comma, an equals sign and a space need no care in a file.</summary>
    public const string Password = "se,cr=et word";

    private const string AdminPassword = "admin-of-the-test";

    private SecureRedis(SiloProcesses processes, TestAuthority authority, int port, bool tls) => (Processes, Authority, Port, IsTls) = (processes, authority, port, tls);

    public SiloProcesses Processes { get; }

    public TestAuthority Authority { get; }

    public int Port { get; }

    private bool IsTls { get; }

    public string PasswordFile => Write("password", Password + "\n");

    /// <summary>How the service gets to it.</summary>
    public RedisConnection Connection => new() { Address = $"127.0.0.1:{Port},user=parcae", PasswordFile = PasswordFile, Ca = IsTls ? Authority.AuthorityFile : null };

    /// <summary>Starts one; skips the test where there is no redis-server.</summary>
    /// <param name="tls">Whether it speaks TLS, and nothing else.</param>
    /// <param name="certificates">Whether it asks its clients for certificates.</param>
    /// <param name="host">What its certificate is for; null: its address.</param>
    /// <param name="expired">Whether its certificate has expired.</param>
    public static async Task<SecureRedis> StartAsync(bool tls = true, bool certificates = false, string? host = null, bool expired = false)
    {
        Assert.SkipUnless(Durability.Deployment.HasRedis, "there is no redis-server: apt-get install redis-server");
        var processes = new SiloProcesses();
        var redis = new SecureRedis(processes, new TestAuthority(), FreePorts.Next(), tls);
        string users = redis.Write("users.acl", $"user default off\nuser admin on >{AdminPassword} ~* &* +@all\n{DocumentedUser().Replace(">PASSWORD", '#' + Sha256(Password), StringComparison.Ordinal)}\n");
        List<string> arguments = ["--aclfile", users, "--save", "", "--appendonly", "no", "--dir", processes.Folder, "--bind", "127.0.0.1"];
        if (tls)
        {
            var (certificate, key) = redis.Authority.Issue("redis", expired ? DateTimeOffset.Now.AddDays(-1) : null, host);
            arguments.AddRange(["--port", "0", "--tls-port", $"{redis.Port}", "--tls-cert-file", certificate, "--tls-key-file", key, "--tls-ca-cert-file", redis.Authority.AuthorityFile, "--tls-auth-clients", certificates ? "yes" : "no"]);
        }
        else
        {
            arguments.AddRange(["--port", $"{redis.Port}"]);
        }

        await processes.StartAsync(new ProcessStartInfo("redis-server", arguments), line => line.Contains("Ready to accept connections", StringComparison.Ordinal), "Ready to accept connections");
        return redis;
    }

    /// <summary>What was refused to the service's user since the start, as reason and command, key or channel; without what the client library asks about the server and does without.</summary>
    public async Task<string[]> RefusedAsync(RedisConnection connection)
    {
        var options = (connection with { Address = $"127.0.0.1:{Port},user=admin,password={AdminPassword}", PasswordFile = null }).ToOptions();
        await using var admin = await ConnectionMultiplexer.ConnectAsync(options);
        var log = (RedisResult[])(await admin.GetDatabase().ExecuteAsync("ACL", "LOG"))!;
        return [.. log.Select(entry => entry.ToDictionary()).Select(e => string.Create(CultureInfo.InvariantCulture, $"{e["reason"]} {e["object"]}")).Except(["command config|get", "command cluster|slots", "command cluster|nodes"]).Order(StringComparer.Ordinal)];
    }

    public string Write(string name, string text)
    {
        string path = Path.Combine(Processes.Folder, name);
        File.WriteAllText(path, text);
        return path;
    }

    public async ValueTask DisposeAsync()
    {
        Authority.Dispose();
        await Processes.DisposeAsync();
    }

    /// <summary>The user as the page on operating the service has it.</summary>
    private static string DocumentedUser() => User().Match(File.ReadAllText(Path.Combine(Golden.Root, "docs", "operating.md"))).Value is { Length: > 0 } user ? user : throw new InvalidDataException("docs/operating.md has no line 'user parcae on >PASSWORD'.");

    private static string Sha256(string text) => Convert.ToHexStringLower(System.Security.Cryptography.SHA256.HashData(System.Text.Encoding.UTF8.GetBytes(text)));

    [GeneratedRegex("^user parcae on >PASSWORD .*$", RegexOptions.Multiline)]
    private static partial Regex User();
}
