using System.Diagnostics;
using System.Globalization;
using Parcae.Silo.Hosting;

namespace Parcae.Silo.Absence;

/// <summary>An absence as it stands on the command line of the process that is away: who, by which order, until when.</summary>
/// <param name="Order">Id of the order.</param>
/// <param name="Until">End of it, a timestamp of <see cref="Stopwatch"/>: the system's monotonic clock, which is the same before and after.</param>
/// <param name="InstanceId">The instance, which had to be named by nobody before.</param>
internal sealed record Leave(string Order, long Until, string InstanceId)
{
    /// <summary>The option that makes a process begin with an absence. Not for people: a worker gives it to itself.</summary>
    private const string Option = "--absent";

    /// <summary>An absence that begins now.</summary>
    public static Leave Begin(string order, TimeSpan away, string instanceId) =>
        new(order, Stopwatch.GetTimestamp() + (long)(away.TotalSeconds * Stopwatch.Frequency), instanceId);

    /// <summary>What is left of it; zero or less when it is over.</summary>
    public TimeSpan Left => TimeSpan.FromSeconds((Until - Stopwatch.GetTimestamp()) / (double)Stopwatch.Frequency);

    /// <summary>Takes an absence off a command line.</summary>
    /// <returns>The absence or null, and the command line without it.</returns>
    /// <exception cref="UsageException">It cannot be read.</exception>
    public static (Leave? Leave, string[] Arguments) TakeFrom(string[] arguments)
    {
        int at = System.Array.IndexOf(arguments, Option);
        if (at < 0) return (null, arguments);
        string text = at + 1 < arguments.Length ? arguments[at + 1] : "";
        string[] parts = text.Split(',', 3);
        if (parts is not [{ Length: > 0 } order, var until, { Length: > 0 } id] || !long.TryParse(until, NumberStyles.None, CultureInfo.InvariantCulture, out long end))
            throw new UsageException($"{Option} '{text}': it must be ORDER,UNTIL,INSTANCE; only a worker itself uses it.");
        return (new Leave(order, end, id), [.. arguments[..at], .. arguments[(at + 2)..]]);
    }

    /// <summary>Puts it at the end of a command line.</summary>
    public string[] AddTo(string[] arguments) => [.. arguments, Option, string.Create(CultureInfo.InvariantCulture, $"{Order},{Until},{InstanceId}")];
}
