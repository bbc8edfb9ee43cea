using System.CommandLine;

using Parcae.Cli.Commands;
using Parcae.Liveput.Traces;

namespace Parcae.Cli.Traces;

/// <summary><c>parcae trace convert</c>: another format, a part, another interval, another size.</summary>
internal static class ConvertCommand
{
    public static Command Create(CommandContext context)
    {
        var from = TraceSource.Argument("in");
        var to = new Argument<string>("out") { Description = "The file to write, over what is there; - is standard output.", HelpName = "FILE" };
        var window = new TraceWindow();
        var reading = new TraceReading();
        var output = new TraceOutput();
        var interval = Values.Seconds("--interval", "Length of the new intervals; what comes and goes within one is summed. Default: as they are.", TraceReading.Limits.Least, TraceReading.Limits.Most);
        var scale = Values.OptionalInt("--scale", "Scale the counts so that the greatest of the part becomes N.", 1, TraceLimits.MaxCount);
        var zone = new Option<string?>("--zone") { Description = "Only this zone of the trace.", HelpName = "NAME" };
        var seed = Values.OptionalInt("--seed", "For events: draws which nodes are lost. Default: the oldest first.", 0, int.MaxValue);
        var command = new Verb(
            "convert", "Writes a trace, or a part of one, in another format.",
            "A plan file is read as the trace that it holds. Zone, part, interval and scale are applied in this order.",
            "parcae trace convert aws-p3 events.csv --format events \\\n    --from 480 --to 540 --seed 7",
            "parcae trace convert counts.txt trace.json --every 30 --interval 60",
            "parcae trace convert zones:7 - --zone zone-a --format counts") { from, to };
        window.AddTo(command);
        output.AddTo(command);
        foreach (var option in (Option[])[interval, scale, zone, seed, reading.Every]) command.Options.Add(option);
        command.SetAction(parsed =>
        {
            string path = parsed.GetValue(to)!;
            var format = output.FormatFor(parsed, path);
            var length = parsed.GetValue(interval);
            var trace = TraceSource.Load(parsed.GetValue(from)!, "in", reading.Of(parsed, length));
            trace = window.Cut(parsed, Zone(trace, parsed.GetValue(zone)));
            if (length is { } seconds) trace = Resample(trace, seconds.TotalSeconds);
            if (parsed.GetValue(scale) is { } peak) trace = trace.ScaleTo(peak);
            return output.Write(parsed, context, path, format, trace, (ulong?)parsed.GetValue(seed));
        });
        return command;
    }

    private static AvailabilityTrace Zone(AvailabilityTrace trace, string? zone)
    {
        if (zone is null) return trace;
        return trace.Zones.ContainsKey(zone)
            ? trace.Zone(zone)
            : throw new UsageException($"--zone: '{zone}' is not a zone of {trace.Name}; {(trace.Zones.Count == 0 ? "it has none" : $"it must be one of {string.Join(", ", trace.Zones.Keys)}")}.");
    }

    private static AvailabilityTrace Resample(AvailabilityTrace trace, double seconds)
    {
        try
        {
            return seconds == trace.IntervalSeconds ? trace : trace.Resample(seconds);
        }
        catch (ArgumentException e)
        {
            throw new UsageException($"--interval: {e.Message}");
        }
    }
}
