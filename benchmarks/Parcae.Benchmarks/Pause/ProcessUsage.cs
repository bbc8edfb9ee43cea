using System.Globalization;

namespace Parcae.Benchmarks.Pause;

/// <summary>What a process has used: tells waiting, and waiting for a core, from work.</summary>
/// <param name="UserSeconds">Time of its threads in its own code.</param>
/// <param name="SystemSeconds">Time of its threads in the kernel.</param>
/// <param name="Faults">Pages that it touched for the first time.</param>
internal readonly record struct ProcessUsage(double UserSeconds, double SystemSeconds, long Faults)
{
    // USER_HZ, the unit of /proc on every architecture of Linux.
    private const double TicksPerSecond = 100;

    /// <summary>Of a process that runs.</summary>
    /// <param name="process">The operating system's number of it.</param>
    public static ProcessUsage Of(int process)
    {
        // The name, in parentheses, may hold spaces; the state follows it.
        string stat = File.ReadAllText($"/proc/{process}/stat");
        string[] fields = stat[(stat.LastIndexOf(')') + 2)..].Split(' ');
        double Seconds(int field) => double.Parse(fields[field], CultureInfo.InvariantCulture) / TicksPerSecond;
        return new ProcessUsage(Seconds(11), Seconds(12), long.Parse(fields[7], CultureInfo.InvariantCulture));
    }

    /// <summary>What was used between two looks.</summary>
    public static ProcessUsage operator -(ProcessUsage later, ProcessUsage earlier) =>
        new(later.UserSeconds - earlier.UserSeconds, later.SystemSeconds - earlier.SystemSeconds, later.Faults - earlier.Faults);

    public override string ToString() => FormattableString.Invariant($"{UserSeconds:F2} s in user mode, {SystemSeconds:F2} s in the kernel, {Faults} page faults");
}
