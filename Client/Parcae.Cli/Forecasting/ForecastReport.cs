using System.Globalization;

using Parcae.Cli.Plots;
using Parcae.Cli.Plots.Drawing;
using Parcae.Liveput.Forecasting.Backtesting;
using Parcae.Liveput.Traces;

using Spectre.Console;

namespace Parcae.Cli.Forecasting;

/// <summary>A forecaster's result and its speed.</summary>
/// <param name="Result">Scores, and what was forecast against what came: <see cref="BacktestResult.Bands"/> is what a picture needs.</param>
/// <param name="Milliseconds">Mean time of a forecast.</param>
internal sealed record ForecastEntry(BacktestResult Result, double Milliseconds);

/// <summary>What <c>parcae forecast</c> found out.</summary>
/// <param name="Trace">The whole trace.</param>
/// <param name="Options">Which part of it was forecast, and how; all set but the history.</param>
/// <param name="Entries">In the order asked for.</param>
internal sealed record ForecastReport(AvailabilityTrace Trace, BacktestOptions Options, IReadOnlyList<ForecastEntry> Entries)
{
    /// <summary>The forecaster with the least CRPS.</summary>
    public ForecastEntry Best => Entries.MinBy(e => e.Result.Scores.Crps)!;

    /// <summary>What was tested.</summary>
    public string Headline =>
        $"{Trace.Name}: intervals {Options.From} to {Options.To} forecast {Options.LookAhead} ahead, {(Options.History is { } shown ? $"{shown} intervals" : "all")} of the past shown, at most {Options.MaxInstances} instances";

    /// <summary>What the picture shows.</summary>
    public string PictureTitle => $"{Best.Result.Forecaster}, {Options.BandsAhead} ahead: ● what came, ░ the central 80 % and ▒ 50 % of what was forecast";

    /// <summary>Every forecaster's bands over what came.</summary>
    public Figure Picture()
    {
        int from = FirstDrawn, to = Options.To ?? Trace.Intervals.Count;
        var part = Trace.Intervals.Skip(from).Take(to - from).ToList();
        return new ForecastPicture
        {
            Title = $"Forecasts of {Trace.Name}",
            Subtitle = $"{Ahead} ahead of what was known{(Options.History is { } shown ? $", {Many(shown, "interval")} of the past shown" : "")}; lines are means, bands hold the central 50, 80 and 95 %",
            Time = new PlotTime(from * Trace.IntervalSeconds / 60, Trace.IntervalSeconds, part.Count),
            Available = [.. part.Select(i => i.Available)],
            Lost = [.. part.Select(i => i.Removed)],
            Forecasts = [.. Entries.Select(e => new ForecastTrack(e.Result.Forecaster, Note(e.Result), [[.. e.Result.Bands.Select(Point)]]))],
        }.ToFigure();
    }

    // The trace's first interval is never forecast, but shown.
    private int FirstDrawn => Options.From == 1 ? 0 : Options.From;

    private string Ahead => Many(Options.BandsAhead, "interval");

    private string Note(BacktestResult result)
    {
        var scores = result.ByAhead[Options.BandsAhead - 1];
        return string.Create(
            CultureInfo.InvariantCulture, $"off by {scores.MeanAbsoluteError:0.00} on average; CRPS {scores.Crps:0.00}, skill {Skill(scores)}; {scores.Coverage80 * 100:0} % within the 80 % band");
    }

    private ForecastPoint Point(ForecastBands b) =>
        new(b.Interval - FirstDrawn, b.Mean, new ForecastBand(b.Low50, b.High50), new ForecastBand(b.Low80, b.High80), new ForecastBand(b.Low95, b.High95));

    private static string Many(int count, string what) => count == 1 ? $"1 {what}" : $"{count} {what}s";

    /// <summary>One row a forecaster.</summary>
    public Table Table()
    {
        // Narrow enough for 80 columns.
        var table = new Table().Border(TableBorder.Simple);
        table.AddColumn(new TableColumn("forecaster").NoWrap().PadRight(0));
        foreach (string column in (string[])["MAE", "RMSE", "CRPS", "skill", "at +1", $"+{Entries[0].Result.ByAhead.Count}", "50/80/95%", "loss", "ms"])
            table.AddColumn(new TableColumn(column).NoWrap().RightAligned().PadRight(0));
        foreach (var (result, milliseconds) in Entries)
        {
            var s = result.Scores;
            string[] cells =
            [
                result.Forecaster, $"{s.MeanAbsoluteError:0.00}", $"{s.RootMeanSquareError:0.00}", $"{s.Crps:0.00}", Skill(s), Skill(result.ByAhead[0]), Skill(result.ByAhead[^1]),
                $"{s.Coverage50 * 100:0}/{s.Coverage80 * 100:0}/{s.Coverage95 * 100:0}", $"{s.LossLogScore:0.00}", $"{milliseconds:0.00}",
            ];
            table.AddRow(cells.Select(c => new Text(c)));
        }

        return table;
    }

    /// <summary>The document for programs.</summary>
    public object ToJson() => new
    {
        trace = Trace.Name,
        intervalSeconds = Trace.IntervalSeconds,
        from = Options.From,
        to = Options.To,
        lookAhead = Options.LookAhead,
        history = Options.History,
        maxInstances = Options.MaxInstances,
        forecasters = Entries.Select(e => new { forecaster = e.Result.Forecaster, millisecondsPerForecast = e.Milliseconds, scores = e.Result.Scores, byAhead = e.Result.ByAhead }),
    };

    private static string Skill(BacktestScores scores) => scores.Skill.ToString("+0.00;-0.00;0.00", CultureInfo.InvariantCulture);
}
