using System.CommandLine;

using Parcae.Cli.Commands;
using Parcae.Liveput.Traces;

namespace Parcae.Cli.Traces;

/// <summary>The options <c>--from</c> and <c>--to</c>: a part of a trace, in minutes since its beginning.</summary>
internal sealed class TraceWindow
{
    private const int MostMinutes = int.MaxValue / 60;

    private readonly Option<int?> _from = Values.OptionalInt("--from", "First minute of the part that is meant. Default: the trace's beginning.", 0, MostMinutes);
    private readonly Option<int?> _to = Values.OptionalInt("--to", "Minute at which that part ends. Default: the trace's end.", 1, MostMinutes);

    public void AddTo(Command command)
    {
        command.Options.Add(_from);
        command.Options.Add(_to);
    }

    /// <summary>The minutes as typed; null where one was not.</summary>
    public (int? From, int? To) Minutes(ParseResult parsed) => (parsed.GetValue(_from), parsed.GetValue(_to));

    /// <summary>The part that was asked for; the trace itself where none was.</summary>
    public AvailabilityTrace Cut(ParseResult parsed, AvailabilityTrace trace) => Cut(trace, parsed.GetValue(_from), parsed.GetValue(_to));

    /// <summary>The intervals that were asked for, the first and one past the last; all where nothing was.</summary>
    public (int From, int To) Range(ParseResult parsed, AvailabilityTrace trace) => Range(trace, parsed.GetValue(_from), parsed.GetValue(_to));

    /// <summary>The intervals that [from, to) touches.</summary>
    /// <exception cref="UsageException">They are not in the trace.</exception>
    public static AvailabilityTrace Cut(AvailabilityTrace trace, int? from, int? to)
    {
        if (from is null && to is null) return trace;
        var (first, last) = Range(trace, from, to);
        return trace.Slice(first, last);
    }

    private static (int From, int To) Range(AvailabilityTrace trace, int? from, int? to)
    {
        double minutes = trace.Intervals.Count * trace.IntervalSeconds / 60;
        if (to > Math.Ceiling(minutes)) throw new UsageException($"--to: {to} is not valid; trace {trace.Name} has {minutes:0.##} minutes.");
        int last = to is null ? trace.Intervals.Count : Math.Min(trace.Intervals.Count, (int)Math.Ceiling(to.Value * 60 / trace.IntervalSeconds));
        int first = from is null ? 0 : (int)Math.Min(trace.Intervals.Count, Math.Floor(from.Value * 60 / trace.IntervalSeconds));
        if (first >= last) throw new UsageException($"--from: {from} is not valid; it must be under {(to is null ? minutes : to):0.##}, where the part ends.");
        return (first, last);
    }
}
