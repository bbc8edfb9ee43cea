using System.Diagnostics;
using Xunit;

namespace Parcae.Silo.Tests.Durability;

/// <summary>Two networks of their own for some processes, joined to this machine and to each other by a bridge: network namespaces and virtual interfaces. Needs root.</summary>
internal sealed class SeparateNetworks : IDisposable
{
    private static readonly int Id = Environment.ProcessId;
    private readonly string _bridge = $"pb{Id % 1000000}";
    private readonly string _subnet = $"10.213.{Id % 250 + 1}";

    /// <summary>The address of this machine.</summary>
    public string Here => $"{_subnet}.1";

    /// <summary>The address in one of the networks.</summary>
    /// <param name="network">0 or 1.</param>
    public string Address(int network) => $"{_subnet}.{10 + network}";

    /// <summary>Lays the cables. Null where that is not permitted, or there is no <c>ip</c>.</summary>
    public static SeparateNetworks? TryCreate(out string why)
    {
        var networks = new SeparateNetworks();
        why = networks.Create();
        if (why.Length == 0) return networks;
        networks.Dispose();
        return null;
    }

    /// <summary>Has a process run in a network.</summary>
    public static ProcessStartInfo Into(int network, ProcessStartInfo start)
    {
        var there = new ProcessStartInfo("ip", ["netns", "exec", Name(network), start.FileName, .. start.ArgumentList]);
        foreach (var (name, value) in start.Environment) there.Environment[name] = value;
        return there;
    }

    /// <summary>Parts the two networks: nothing gets from the one to the other, in either direction; both still reach this machine.</summary>
    public void Cut() => Assert.Equal("", Run("-n", Name(0), "route", "add", "blackhole", $"{Address(1)}/32"));

    /// <summary>Takes the cut back.</summary>
    public void Mend() => Assert.Equal("", Run("-n", Name(0), "route", "del", "blackhole", $"{Address(1)}/32"));

    public void Dispose()
    {
        // The interfaces go with the namespaces.
        foreach (int network in (int[])[0, 1]) Run("netns", "del", Name(network));
        Run("link", "del", _bridge);
    }

    private static string Name(int network) => $"parcae-{Id}-{network}";

    private string Create()
    {
        List<string> commands = [$"link add {_bridge} type bridge", $"addr add {Here}/24 dev {_bridge}", $"link set {_bridge} up"];
        foreach (int network in (int[])[0, 1])
        {
            string cable = $"pv{Id % 1000000}{network}";
            commands.AddRange(
            [
                $"netns add {Name(network)}", $"link add {cable} type veth peer name {cable}x netns {Name(network)}", $"link set {cable} master {_bridge} up",
                $"-n {Name(network)} addr add {Address(network)}/24 dev {cable}x", $"-n {Name(network)} link set {cable}x up", $"-n {Name(network)} link set lo up",
            ]);
        }

        string why = commands.Select(c => Run(c.Split(' '))).FirstOrDefault(w => w.Length > 0) ?? "";
        // What comes from where nothing can be sent to is dropped.
        return why.Length > 0 ? why : Run("netns", "exec", Name(0), "sh", "-c", "echo 1 > /proc/sys/net/ipv4/conf/all/rp_filter");
    }

    private static string Run(params string[] arguments)
    {
        try
        {
            using var ip = Process.Start(new ProcessStartInfo("ip", arguments) { RedirectStandardError = true, RedirectStandardOutput = true })!;
            string error = ip.StandardError.ReadToEnd();
            ip.WaitForExit();
            return ip.ExitCode == 0 ? "" : $"ip {string.Join(' ', arguments)}: {error.Trim()}";
        }
        catch (System.ComponentModel.Win32Exception e)
        {
            return $"ip: {e.Message}";
        }
    }
}
