using System.Globalization;
using System.Text.RegularExpressions;
using Parcae.Grains;
using Parcae.Infra.Tests.Support;

namespace Parcae.Infra.Tests.Units;

/// <summary>The unit files for systemd agree with the code; systemd's own tools take them. Nothing is started.</summary>
public sealed class UnitTests
{
    private const string Folder = "infra/systemd";

    /// <summary>The units.</summary>
    public static TheoryData<string> All => [.. Repository.Files(Folder, "*.service").Select(f => Path.GetFileName(f))];

    [Theory]
    [InlineData("parcae-control.service", "control")]
    [InlineData("parcae-worker.service", "worker")]
    public void A_silo_starts_with_its_command_line_and_stops_in_time(string name, string role)
    {
        var unit = Unit.Read(Repository.Read($"{Folder}/{name}"));
        var silo = Deployed.Read(unit.Arguments, [.. unit.Environment, .. Example], unit.Grace);
        Assert.Equal(role, silo.Settings.Role);
        silo.AssertStopsInTime();
        // The folder that the environment's file says to make, under the names that infra/certificates gives.
        Assert.Equal(
            ("/etc/parcae/service_secret", "/etc/parcae/tls/tls.crt", "/etc/parcae/tls/tls.key", "/etc/parcae/tls/ca.crt"),
            (silo.Settings.SecretFile, silo.Settings.TlsCertificate, silo.Settings.TlsKey, silo.Settings.TlsAuthority));
    }

    [Theory]
    [InlineData("parcae-control.service")]
    [InlineData("parcae-worker.service")]
    public void A_silo_starts_with_what_the_example_sets_and_nothing_that_it_leaves_to_the_machine(string name)
    {
        var unit = Unit.Read(Repository.Read($"{Folder}/{name}"));
        var set = Repository.Read($"{Folder}/parcae.env.example").Split('\n').Where(l => l.StartsWith("PARCAE_", StringComparison.Ordinal)).Select(l => l.Split('=', 2)).ToDictionary(p => p[0], p => p[1]);
        var settings = Deployed.Read(unit.Arguments, [.. unit.Environment, .. set], unit.Grace).Settings;
        Assert.Equal((set["PARCAE_HOST"], null), (settings.Host, settings.TlsCertificate));
    }

    [Fact]
    public void The_store_is_started_as_the_store()
    {
        var unit = Unit.Read(Repository.Read($"{Folder}/parcae-store.service"));
        Assert.Equal("store", unit.Arguments[0]);
        var settings = Deployed.Read(unit.Arguments[1..], [], unit.Grace).Settings;
        // Where a silo looks unless it is told otherwise.
        Assert.Equal(new Silo.Hosting.SiloSettings().Redis, $"127.0.0.1:{settings.Port}");
    }

    [Fact]
    public void A_worker_has_the_environment_that_suits_it()
    {
        var environment = Unit.Read(Repository.Read($"{Folder}/parcae-worker.service")).Environment.ToDictionary();
        foreach (var (name, value) in WorkerEnvironment.Variables) Assert.Equal((name, value), (name, environment.GetValueOrDefault(name)));
    }

    [Theory]
    [MemberData(nameof(All))]
    public void Each_is_started_again_whatever_ended_it(string name) => Assert.Contains("Restart=always", Repository.Read($"{Folder}/{name}").Split('\n'));

    [Fact]
    public void Systemd_takes_them()
    {
        var analyze = Tool.Need("systemd-analyze", "apt-get install systemd");
        using var root = UnitRoot.Make(Repository.Files(Folder, "*.service").ToDictionary(f => Path.GetFileName(f), Repository.Read));
        var result = analyze.Run(["verify", $"--root={root.Folder}", .. All.Select(u => root.Place($"etc/systemd/system/{u.Data}"))]).Good();
        Assert.Equal("", result.Output + result.Error);
    }

    [Fact]
    public void Systemd_would_say_so_if_they_were_wrong()
    {
        var analyze = Tool.Need("systemd-analyze", "apt-get install systemd");
        using var root = UnitRoot.Make(new() { ["parcae-control.service"] = Repository.Read($"{Folder}/parcae-control.service").Replace("ProtectSystem=strict", "ProtectSystems=strict", StringComparison.Ordinal) });
        var result = analyze.Run(["verify", $"--root={root.Folder}", root.Place("etc/systemd/system/parcae-control.service")]);
        Assert.Contains("ProtectSystems", result.Output + result.Error, StringComparison.Ordinal);
    }

    [Theory]
    [MemberData(nameof(All))]
    public void They_are_hardened(string name)
    {
        var analyze = Tool.Need("systemd-analyze", "apt-get install systemd");
        using var root = UnitRoot.Make(new() { [name] = Repository.Read($"{Folder}/{name}") });
        // Tenths; 100 is a service without any of it. What is left is the network, and for a worker the devices of a GPU.
        analyze.Run(["security", "--offline=yes", "--threshold=20", $"--root={root.Folder}", name]).Good();
    }

    private static IEnumerable<KeyValuePair<string, string>> Example => Repository.Read($"{Folder}/parcae.env.example").Split('\n').Select(l => Regex.Match(l, "^#?([A-Z_]+)=(.+)$")).Where(m => m.Success)
        .Select(m => KeyValuePair.Create(m.Groups[1].Value, m.Groups[2].Value));
}

/// <summary>What a unit file says of its service.</summary>
/// <param name="Arguments">After the program's name.</param>
/// <param name="Environment">Variables that it sets itself.</param>
/// <param name="Grace">Time from being told to stop to being killed.</param>
internal sealed record Unit(string[] Arguments, IReadOnlyList<KeyValuePair<string, string>> Environment, TimeSpan Grace)
{
    /// <summary>Reads a unit file of a service that dotnet or docker runs.</summary>
    public static Unit Read(string text)
    {
        string[] lines = text.Split('\n');
        string[] command = Assert.Single(Values("ExecStart")).Split(' ');
        int program = Array.FindIndex(command, c => c.EndsWith("Parcae.Silo.dll", StringComparison.Ordinal));
        return new Unit(
            command[(program + 1)..],
            [.. Values("Environment").SelectMany(l => l.Split(' ')).Select(a => a.Split('=', 2)).Select(p => KeyValuePair.Create(p[0], p[1]))],
            TimeSpan.FromSeconds(double.Parse(Assert.Single(Values("TimeoutStopSec")), CultureInfo.InvariantCulture)));

        string[] Values(string key) => [.. lines.Where(l => l.StartsWith($"{key}=", StringComparison.Ordinal)).Select(l => l[(key.Length + 1)..])];
    }
}

/// <summary>A file system with what units need to be looked at: systemd's own targets, and the programs that they start.</summary>
internal static class UnitRoot
{
    /// <summary>Makes one with these units.</summary>
    public static Scratch Make(Dictionary<string, string> units)
    {
        var root = new Scratch();
        foreach (var (name, text) in units) root.Write($"etc/systemd/system/{name}", text);
        foreach (string target in new[] { "sysinit", "basic", "multi-user", "shutdown", "network-online", "timers", "local-fs" }) root.Write($"usr/lib/systemd/system/{target}.target", $"[Unit]\nDescription={target}\n");
        root.Write("usr/lib/systemd/system/docker.service", "[Service]\nExecStart=/usr/bin/docker\n");
        root.Write("usr/lib/systemd/system/system.slice", "[Unit]\nDescription=system\n");
        root.Write("usr/lib/systemd/system/-.slice", "[Unit]\nDescription=root\n");
        foreach (string program in new[] { "usr/bin/dotnet", "usr/bin/docker", "etc/parcae/fetch-certificates" }) root.Write(program, "#!/bin/sh\n", executable: true);
        return root;
    }
}
