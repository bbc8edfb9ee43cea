using System.Diagnostics;
using System.Globalization;
using System.Text.RegularExpressions;
using Xunit;

namespace Parcae.Silo.Tests.Durability.Networks;

/// <summary>
/// Networks of their own for processes, as several machines have them: each a network namespace with one address, joined by a cable (a pair of virtual interfaces) to a bridge, on which this machine is too. Cables can be pulled and made slow.
/// Needs root. Everything goes when it is disposed of; what a killed run has left goes when the next one begins.
/// </summary>
internal sealed partial class SeparateNetworks : IDisposable
{
    private const string Inside = "eth0";
    private readonly NetworkNumber _number;
    private readonly int _count;

    private SeparateNetworks(NetworkNumber number, int count) => (_number, _count) = (number, count);

    /// <summary>The address of this machine.</summary>
    public string Here => $"{Subnet}.1";

    private string Subnet => $"10.213.{_number.Value}";

    private string Bridge => $"pb{_number.Value}";

    /// <summary>The address in one of the networks.</summary>
    /// <param name="network">From 0.</param>
    public string Address(int network) => $"{Subnet}.{10 + network}";

    /// <summary>Lays the cables. Null where that is not permitted, or there is no <c>ip</c>.</summary>
    /// <param name="count">How many networks, at most 100.</param>
    /// <param name="why">Why there are none.</param>
    public static SeparateNetworks? TryCreate(int count, out string why)
    {
        if (!OperatingSystem.IsLinux())
        {
            why = "this is not Linux";
            return null;
        }

        var networks = new SeparateNetworks(NetworkNumber.Claim(RemoveAll), count);
        why = networks.Create();
        if (why.Length == 0) return networks;
        networks.Dispose();
        return null;
    }

    /// <summary>Has processes run in a network.</summary>
    public Func<ProcessStartInfo, ProcessStartInfo> Into(int network) => start =>
    {
        var there = new ProcessStartInfo("ip", ["netns", "exec", Name(network), start.FileName, .. start.ArgumentList]);
        foreach (var (name, value) in start.Environment) there.Environment[name] = value;
        return there;
    };

    /// <summary>Parts two networks: nothing gets from the one to the other, in either direction; both still reach everybody else.</summary>
    public void Part(int one, int other)
    {
        Must("ip", "-n", Name(one), "route", "add", "blackhole", $"{Address(other)}/32");
        // What comes from where nothing can be sent to is dropped.
        Must("ip", "netns", "exec", Name(one), "sh", "-c", "echo 1 > /proc/sys/net/ipv4/conf/all/rp_filter");
    }

    /// <summary>Takes that back.</summary>
    public void Join(int one, int other) => Must("ip", "-n", Name(one), "route", "del", "blackhole", $"{Address(other)}/32");

    /// <summary>Pulls a network's cable: it reaches nobody, and nobody reaches it.</summary>
    public void Pull(int network) => Must("ip", "link", "set", Cable(network), "down");

    /// <summary>Plugs it in again.</summary>
    public void Plug(int network) => Must("ip", "link", "set", Cable(network), "up");

    /// <summary>Makes a cable slow in both directions, with a short queue: what does not fit in is lost, and sent again by TCP.</summary>
    /// <param name="network">Whose cable.</param>
    /// <param name="kilobits">Kilobits a second.</param>
    public void Slow(int network, int kilobits)
    {
        string[] limit = ["root", "tbf", "rate", $"{kilobits}kbit", "burst", "4kb", "limit", "32kb"];
        Must("tc", ["qdisc", "add", "dev", Cable(network), .. limit]);
        Must("tc", ["-n", Name(network), "qdisc", "add", "dev", Inside, .. limit]);
    }

    /// <summary>Makes it as fast as it was. Returns how often a packet had to wait or was lost because it was slow.</summary>
    public long Hurry(int network)
    {
        long held = Counts().Matches(Must("tc", "-s", "qdisc", "show", "dev", Cable(network)) + Must("tc", "-n", Name(network), "-s", "qdisc", "show", "dev", Inside))
            .Sum(m => long.Parse(m.Groups[1].ValueSpan, CultureInfo.InvariantCulture) + long.Parse(m.Groups[2].ValueSpan, CultureInfo.InvariantCulture));
        Must("tc", "qdisc", "del", "dev", Cable(network), "root");
        Must("tc", "-n", Name(network), "qdisc", "del", "dev", Inside, "root");
        return held;
    }

    /// <summary>Bytes that have come out of a network.</summary>
    public long Said(int network) => long.Parse(File.ReadAllText($"/sys/class/net/{Cable(network)}/statistics/rx_bytes"), CultureInfo.InvariantCulture);

    public void Dispose()
    {
        RemoveAll(_number.Value);
        _number.Dispose();
    }

    private string Name(int network) => $"{Prefix(_number.Value)}{network}";

    private string Cable(int network) => $"pv{_number.Value}.{network}";

    private static string Prefix(int number) => $"parcae-{number}-";

    private string Create()
    {
        List<string> commands = [$"link add {Bridge} type bridge", $"addr add {Here}/24 dev {Bridge}", $"link set {Bridge} up"];
        for (int network = 0; network < _count; network++)
        {
            commands.AddRange(
            [
                $"netns add {Name(network)}", $"link add {Cable(network)} type veth peer name {Inside} netns {Name(network)}", $"link set {Cable(network)} master {Bridge} up",
                $"-n {Name(network)} addr add {Address(network)}/24 dev {Inside}", $"-n {Name(network)} link set {Inside} up", $"-n {Name(network)} link set lo up",
            ]);
        }

        return commands.Select(c => Run("ip", c.Split(' ')).Error).FirstOrDefault(w => w.Length > 0) ?? "";
    }

    /// <summary>Removes everything of a number: processes that are left in its networks, the networks with their cables, the bridge.</summary>
    private static void RemoveAll(int number)
    {
        // By themselves: a network that is deleted keeps its end of a cable, and so the name of the other one, until all that was in it is gone.
        foreach (string cable in Directory.GetFileSystemEntries("/sys/class/net", $"pv{number}.*").Select(c => Path.GetFileName(c))) Run("ip", "link", "del", cable);
        foreach (string name in Run("ip", "netns", "list").Output.Split('\n').Select(line => line.Split(' ')[0]).Where(name => name.StartsWith(Prefix(number), StringComparison.Ordinal)))
        {
            foreach (string pid in Run("ip", "netns", "pids", name).Output.Split('\n', StringSplitOptions.RemoveEmptyEntries)) Run("kill", "-9", pid);
            Run("ip", "netns", "del", name);
        }

        Run("ip", "link", "del", $"pb{number}");
    }

    private static string Must(string tool, params string[] arguments)
    {
        var (output, error) = Run(tool, arguments);
        Assert.Equal("", error);
        return output;
    }

    private static (string Output, string Error) Run(string tool, params string[] arguments)
    {
        try
        {
            using var process = Process.Start(new ProcessStartInfo(tool, arguments) { RedirectStandardError = true, RedirectStandardOutput = true })!;
            var output = process.StandardOutput.ReadToEndAsync();
            string error = process.StandardError.ReadToEnd();
            process.WaitForExit();
            return (output.GetAwaiter().GetResult(), process.ExitCode == 0 ? "" : $"{tool} {string.Join(' ', arguments)}: {error.Trim()}");
        }
        catch (System.ComponentModel.Win32Exception e)
        {
            return ("", $"{tool}: {e.Message}");
        }
    }

    [GeneratedRegex(@"dropped (\d+), overlimits (\d+)")]
    private static partial Regex Counts();
}
