using System.CommandLine;

using Parcae.Cli.Commands;
using Parcae.Liveput.Traces;

namespace Parcae.Cli.Traces;

/// <summary>The option <c>--every</c>: what a file of bare counts does not say.</summary>
internal sealed class TraceReading
{
    /// <summary>Limits of the length of an interval.</summary>
    public static readonly (TimeSpan Least, TimeSpan Most) Limits =
        (TimeSpan.FromSeconds(TraceLimits.MinIntervalSeconds), TimeSpan.FromSeconds(TraceLimits.MaxIntervalSeconds));

    /// <summary>The option.</summary>
    public Option<TimeSpan?> Every { get; } = Values.Seconds("--every", "Seconds from one count to the next, where a file does not say it. Default: 60.", Limits.Least, Limits.Most);

    /// <summary>What to assume while reading.</summary>
    /// <param name="parsed">The command line.</param>
    /// <param name="eventInterval">What an event list is cut into; null: the same.</param>
    public TraceReadOptions Of(ParseResult parsed, TimeSpan? eventInterval)
    {
        double seconds = parsed.GetValue(Every)?.TotalSeconds ?? TraceFile.DefaultIntervalSeconds;
        return new TraceReadOptions(seconds, eventInterval?.TotalSeconds ?? seconds);
    }
}
