using System.CommandLine;

using Parcae.Cli.Commands;
using Parcae.Cli.Plots;

namespace Parcae.Cli.Traces;

/// <summary><c>parcae trace inspect</c>: figures and a picture.</summary>
internal static class InspectCommand
{
    private const int MostChartWidth = 120;

    public static Command Create(CommandContext context)
    {
        var trace = TraceSource.Argument();
        var window = new TraceWindow();
        var length = Values.Int("--window", "Minutes of the parts that are looked for: high or low availability (H, L), dense or sparse preemption (D, S).", 60, 1, 1_000_000);
        var reading = new TraceReading();
        var plot = PlotFile.Option("Write a picture of the counts, of the trace's named parts, and of what came and went.");
        var json = new Option<bool>("--json") { Description = "Print one JSON document on standard output and nothing else." };
        var command = new Verb(
            "inspect", "Figures and a picture of a trace.", "A plan file is read as the trace that it holds.",
            "parcae trace inspect aws-p3",
            "parcae trace inspect bursts:7,capacity=64 --window 30 --plot bursts.svg",
            "parcae trace inspect events.csv --from 60 --to 120 --json") { trace };
        window.AddTo(command);
        foreach (var option in (Option[])[length, reading.Every, plot, json]) command.Options.Add(option);
        command.SetAction(parsed =>
        {
            string? picture = parsed.GetValue(plot);
            if (picture is not null) PlotFile.Check(picture);
            var whole = TraceSource.Load(parsed.GetValue(trace)!, "trace", reading.Of(parsed, null));
            var part = window.Cut(parsed, whole);
            if (picture is not null) PlotFile.Save(picture, TracePicture.Of(part, window.Range(parsed, whole).From * whole.IntervalSeconds / 60).ToFigure());
            var report = TraceReport.Of(part, parsed.GetValue(length) * 60.0);
            if (parsed.GetValue(json))
            {
                JsonOutput.Write(context.Output, report);
                return ParcaeCommand.Ok;
            }

            var console = context.CreateConsole();
            context.Output.WriteLine($"{report.Name}: {report.Total.Intervals} intervals of {report.IntervalSeconds} s, {report.Total.Hours:0.##} h");
            if (report.Source.Length > 0) context.Output.WriteLine(report.Source);
            context.Output.WriteLine();
            foreach (string line in TraceChart.Lines(part, Math.Min(MostChartWidth, console.Profile.Width))) context.Output.WriteLine(line);
            console.Write(report.Table());
            return ParcaeCommand.Ok;
        });
        return command;
    }
}
