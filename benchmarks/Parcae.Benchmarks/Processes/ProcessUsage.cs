using System.Globalization;

namespace Parcae.Benchmarks.Processes;

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
    public static ProcessUsage Of(int process) => Parse(File.ReadAllText($"/proc/{process}/stat")).Usage;

    /// <summary>Of those threads of a process whose names begin so.</summary>
    /// <param name="process">The operating system's number of it.</param>
    /// <param name="name">At most 15 characters: Linux keeps no more of a thread's name.</param>
    public static ProcessUsage OfThreads(int process, string name)
    {
        var all = default(ProcessUsage);
        foreach (string thread in Directory.GetDirectories($"/proc/{process}/task"))
        {
            var (its, usage) = Parse(File.ReadAllText($"{thread}/stat"));
            if (its.StartsWith(name, StringComparison.Ordinal)) all += usage;
        }

        return all;
    }

    private static (string Name, ProcessUsage Usage) Parse(string stat)
    {
        // The name, in parentheses, may hold spaces; the state follows it.
        int end = stat.LastIndexOf(')');
        string[] fields = stat[(end + 2)..].Split(' ');
        double Seconds(int field) => double.Parse(fields[field], CultureInfo.InvariantCulture) / TicksPerSecond;
        return (stat[(stat.IndexOf('(') + 1)..end], new ProcessUsage(Seconds(11), Seconds(12), long.Parse(fields[7], CultureInfo.InvariantCulture)));
    }

    /// <summary>Of two together.</summary>
    public static ProcessUsage operator +(ProcessUsage one, ProcessUsage other) =>
        new(one.UserSeconds + other.UserSeconds, one.SystemSeconds + other.SystemSeconds, one.Faults + other.Faults);

    /// <summary>What was used between two looks.</summary>
    public static ProcessUsage operator -(ProcessUsage later, ProcessUsage earlier) =>
        new(later.UserSeconds - earlier.UserSeconds, later.SystemSeconds - earlier.SystemSeconds, later.Faults - earlier.Faults);

    /// <summary>Processor time, seconds.</summary>
    public double Seconds => UserSeconds + SystemSeconds;

    public override string ToString() => FormattableString.Invariant($"{UserSeconds:F2} s in user mode, {SystemSeconds:F2} s in the kernel, {Faults} page faults");
}
