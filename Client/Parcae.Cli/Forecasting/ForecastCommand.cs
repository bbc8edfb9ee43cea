using System.CommandLine;

using Parcae.Cli.Commands;
using Parcae.Cli.Live;
using Parcae.Cli.Plots;
using Parcae.Cli.Traces;
using Parcae.Liveput.Forecasting;
using Parcae.Liveput.Forecasting.Backtesting;

using Spectre.Console;

namespace Parcae.Cli.Forecasting;

/// <summary><c>parcae forecast</c>: how well forecasters would have done on a trace.</summary>
internal static class ForecastCommand
{
    private const string All = "all";

    private const string Details = """
        From every interval of the trace on, each forecaster forecasts what comes next and is scored by what came. With --from and --to only that part is forecast; what came before it is known to the forecasters.
        CRPS is the error of the whole distribution, in instances; skill is what of persistence's CRPS is saved (1: all, below 0: worse), also for the nearest and the farthest interval.
        50/80/95% is how often the count fell into the central 50, 80 and 95 % (ends of a band count in part, so a calibrated forecast has these very shares).
        Loss is the mean of -ln(probability given to the number of instances lost); lower is better.
        """;

    private static readonly string[] Examples =
    [
        "parcae forecast",
        "parcae forecast --from 480 --to 540 --forecast survival,ensemble \\\n    --plot bands.svg",
        "parcae forecast --trace bursts:7,capacity=64 --look-ahead 6 --json",
    ];

    /// <summary>The verb.</summary>
    public static Command Create(CommandContext context)
    {
        var trace = new Option<string>("--trace") { Description = $"The trace to forecast: {TraceSource.Help}.", HelpName = TraceSource.HelpName, DefaultValueFactory = _ => "aws-p3" };
        var window = new TraceWindow();
        var reading = new TraceReading();
        var names = new Option<string>("--forecast") { Description = $"Forecasters, with commas between them, of {string.Join(", ", Forecasters.Names)}; or all.", HelpName = "NAME,...|all", DefaultValueFactory = _ => All };
        var lookAhead = Values.Int("--look-ahead", "Intervals forecast each time.", 12, 1, 1000);
        var history = Values.OptionalInt("--history", "Most intervals of the past that a forecaster is shown. Default: all.", 1, int.MaxValue);
        var most = Values.OptionalInt("--max-instances", "Instances that were asked for: no forecast goes above. Default: the trace's greatest count.", 0, 1_000_000);
        var seed = Values.Int("--seed", "Fixes the random removals of artifact-arima.", 0, 0, int.MaxValue);
        var plot = PlotFile.Option("Write a picture of every forecaster's bands, the look-ahead ahead, over what came.");
        var json = new Option<bool>("--json") { Description = "Print one JSON document on standard output and nothing else." };
        var command = new Verb("forecast", "Back-tests forecasters of availability on a trace.", Details, Examples) { trace };
        window.AddTo(command);
        foreach (var option in (Option[])[names, lookAhead, history, most, seed, plot, reading.Every, json]) command.Options.Add(option);
        command.SetAction((parsed, cancellation) =>
        {
            string? picture = parsed.GetValue(plot);
            if (picture is not null) PlotFile.Check(picture);
            var whole = TraceSource.Load(parsed.GetValue(trace)!, reading: reading.Of(parsed, null));
            var (from, to) = window.Range(parsed, whole);
            // Before the first interval nothing is known.
            if (to < 2) throw new UsageException($"--trace: {whole.Name} up to interval {to} is too short; it must have 2 intervals at least.");
            int first = Math.Min(Math.Max(1, from), to - 1), bound = parsed.GetValue(most) ?? whole.Peak;
            var options = new BacktestOptions
            {
                LookAhead = parsed.GetValue(lookAhead),
                History = parsed.GetValue(history),
                From = first,
                To = to,
                MaxInstances = bound,
                // In a part that is shorter, nothing is forecast so far ahead.
                BandsAhead = Math.Min(parsed.GetValue(lookAhead), to - first),
            };
            TimedForecaster[] forecasters = [.. Chosen(parsed.GetValue(names)!).Select(n => new TimedForecaster(Forecasters.Create(n, parsed.GetValue(seed), bound)))];
            var console = context.CreateConsole();
            bool toJson = parsed.GetValue(json);
            var results = toJson || !context.IsTerminal
                ? Backtest.Run(forecasters, whole, options, cancellation: cancellation)
                : WithProgress(console, progress => Backtest.Run(forecasters, whole, options, progress, cancellation));
            var report = new ForecastReport(whole, options, [.. results.Zip(forecasters, (r, f) => new ForecastEntry(r, f.MeanMilliseconds))]);
            if (picture is not null) PlotFile.Save(picture, report.Picture());
            if (toJson)
            {
                JsonOutput.Write(context.Output, report.ToJson());
                return Task.FromResult(ParcaeCommand.Ok);
            }

            context.Output.WriteLine(report.Headline);
            console.Write(report.Table());
            if (!context.IsTerminal || report.Best.Result.Bands.Count == 0) return Task.FromResult(ParcaeCommand.Ok);
            context.Output.WriteLine(report.PictureTitle);
            foreach (string line in BandChart.Lines(report.Best.Result.Bands, Math.Min(120, console.Profile.Width))) context.Output.WriteLine(line);
            return Task.FromResult(ParcaeCommand.Ok);
        });
        return command;
    }

    private static IEnumerable<string> Chosen(string typed)
    {
        string[] names = typed.Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries);
        if (names.Length == 0) throw new UsageException($"--forecast: '{typed}' names no forecaster; it must be one of {string.Join(", ", Forecasters.Names)}, several with commas between them, or {All}.");
        if (names.Contains(All, StringComparer.OrdinalIgnoreCase)) return Forecasters.Names;
        if (names.FirstOrDefault(n => !Forecasters.Names.Contains(n, StringComparer.OrdinalIgnoreCase)) is { } unknown)
            throw new UsageException($"--forecast: '{unknown}' is not a forecaster; it must be one of {string.Join(", ", Forecasters.Names)}, or {All}.");
        return names.Distinct(StringComparer.OrdinalIgnoreCase);
    }

    private static IReadOnlyList<BacktestResult> WithProgress(IAnsiConsole console, Func<IProgress<(int Done, int All)>, IReadOnlyList<BacktestResult>> run) =>
        console.Progress().AutoClear(true).Show(progress =>
        {
            var task = progress.AddTask("back-testing");
            return run(new Direct(step => (task.MaxValue, task.Value) = (step.All, step.Done)));
        });

    /// <summary>Tells on the spot; the framework's own does so later, from another thread.</summary>
    private sealed class Direct(Action<(int Done, int All)> tell) : IProgress<(int Done, int All)>
    {
        public void Report((int Done, int All) value) => tell(value);
    }
}
