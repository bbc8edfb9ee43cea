using System.CommandLine;

using Parcae.Cli.Commands;
using Parcae.Liveput.Traces;

namespace Parcae.Cli.Traces;

/// <summary>Where a trace is written, and how: <c>--format</c>, <c>--json</c> and a file, or <c>-</c> for standard output.</summary>
internal sealed class TraceOutput
{
    /// <summary>Standard output.</summary>
    public const string Standard = "-";

    private static readonly (string Name, TraceFormat Format)[] Formats =
        [("counts", TraceFormat.Counts), ("csv", TraceFormat.Csv), ("events", TraceFormat.Events), ("gap-json", TraceFormat.GapJson), ("json", TraceFormat.Json)];

    private readonly Option<string?> _format = new("--format")
    {
        Description = "How to write: counts, csv, events, gap-json or json. Default: by the name of the file, .csv and .json; json on standard output.",
        HelpName = "FORMAT",
    };

    private readonly Option<bool> _json = new("--json") { Description = "Print one JSON document about what was written on standard output and nothing else." };

    public void AddTo(Command command)
    {
        command.Options.Add(_format);
        command.Options.Add(_json);
    }

    /// <summary>Checks the options before any work is done.</summary>
    /// <exception cref="UsageException">The format is unknown, or two things would go to standard output.</exception>
    public TraceFormat FormatFor(ParseResult parsed, string path)
    {
        if (path == Standard && parsed.GetValue(_json)) throw new UsageException("--json: the trace itself goes to standard output; name a file for it.");
        string? typed = parsed.GetValue(_format);
        string names = string.Join(", ", Formats.Select(f => f.Name));
        if (typed is null)
        {
            return path == Standard || path.EndsWith(".json", StringComparison.OrdinalIgnoreCase) ? TraceFormat.Json
                : path.EndsWith(".csv", StringComparison.OrdinalIgnoreCase) ? TraceFormat.Csv
                : throw new UsageException($"--format: nothing says how to write '{path}'; it must be one of {names}.");
        }

        int found = Array.FindIndex(Formats, f => string.Equals(f.Name, typed, StringComparison.OrdinalIgnoreCase));
        return found >= 0 ? Formats[found].Format : throw new UsageException($"--format: '{typed}' is not valid; it must be one of {names}.");
    }

    /// <summary>Writes the trace and tells it.</summary>
    public int Write(ParseResult parsed, CommandContext context, string path, TraceFormat format, AvailabilityTrace trace, ulong? seed)
    {
        try
        {
            if (path == Standard)
            {
                context.Output.Write(TraceWriter.Text(trace, format, seed));
                return ParcaeCommand.Ok;
            }

            TraceWriter.Save(path, trace, format, seed);
        }
        catch (ArgumentException e)
        {
            throw new CommandFailedException(e.Message, e);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new CommandFailedException($"'{path}' cannot be written: {e.Message}", e);
        }

        string name = Formats.First(f => f.Format == format).Name;
        if (parsed.GetValue(_json))
        {
            JsonOutput.Write(context.Output, new
            {
                trace = trace.Name,
                path,
                format = name,
                intervals = trace.Intervals.Count,
                trace.IntervalSeconds,
                zones = trace.Zones.Keys,
                statistics = TraceStatistics.Of(trace),
            });
        }
        else
        {
            context.Output.WriteLine($"{path}: {trace.Name} as {name}, {trace.Intervals.Count} intervals of {trace.IntervalSeconds} s, {trace.Least} to {trace.Peak} instances");
        }

        return ParcaeCommand.Ok;
    }
}
