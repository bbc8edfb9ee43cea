using Parcae.Cli.Plots;
using Parcae.Cli.Plots.Drawing;
using Parcae.Liveput;
using Parcae.Liveput.Forecasting;
using Parcae.Liveput.Traces;

namespace Parcae.Client.Tests.Plots;

/// <summary>Pictures of the built-in trace.</summary>
internal static class Pictures
{
    public static readonly AvailabilityTrace Trace = BuiltInTraces.TryGet("aws-p3")!;

    public static readonly string[] Names = ["trace", "forecast", "simulation", "comparison"];

    public static Figure Of(string name) => name switch
    {
        "trace" => TracePicture.Of(Trace).ToFigure(),
        "forecast" => Forecast().ToFigure(),
        "simulation" => Simulation().ToFigure(),
        "comparison" => Comparison().ToFigure(),
        _ => throw new ArgumentException(name),
    };

    public static ForecastPicture Forecast()
    {
        var part = Trace.Segment("LADP");
        var history = part.ToHistory();
        var forecaster = new PersistenceForecaster();
        ForecastPoint[] ahead = [.. Enumerable.Range(1, history.Length - 1).Select(i => ForecastPoint.Of(i, forecaster.Forecast(history[..i], 1).Intervals[0]))];
        ForecastPoint[] fan = [.. forecaster.Forecast(history[..20], 12).Intervals.Select((f, k) => ForecastPoint.Of(20 + k, f))];
        return new ForecastPicture
        {
            Title = "Forecasts of LADP",
            Time = new PlotTime(480, part.IntervalSeconds, part.Intervals.Count),
            Available = [.. part.Intervals.Select(i => i.Available)],
            Lost = [.. part.Intervals.Select(i => i.Removed)],
            Forecasts = [new ForecastTrack("persistence", "one ahead", [ahead]), new ForecastTrack("fans", "twelve ahead", [fan])],
        };
    }

    public static SimulationPicture Simulation()
    {
        var part = Trace.Segment("LADP");
        PolicyTrack Policy(string name, int depth, int least, double? fraction) => new(
            name,
            [.. part.Intervals.Select(i => i.Available < least ? Strategy.None : new Strategy(i.Available / depth, depth))],
            [.. part.Intervals.Select((_, i) => 100.0 * (i + 1) * (fraction ?? 1))],
            fraction);
        return new SimulationPicture
        {
            Title = "gpt-1.5b on aws-p3:LADP",
            Subtitle = "seed 1",
            Time = new PlotTime(480, part.IntervalSeconds, part.Intervals.Count),
            Available = [.. part.Intervals.Select(i => i.Available)],
            Lost = [.. part.Intervals.Select(i => i.Removed)],
            Policies = [Policy("ideal", 2, 0, null), Policy("reactive", 5, 13, 0.749), Policy("liveput", 3, 0, 0.912)],
        };
    }

    public static ComparisonPicture Comparison() => new()
    {
        Title = "Fraction of ideal samples",
        Bars =
        [
            new("gpt-1.5b", "HADP", "reactive", 0.75), new("gpt-1.5b", "HADP", "liveput", 0.9, 0.88, 0.91),
            new("gpt-1.5b", "LADP", "reactive", 0.68), new("gpt-1.5b", "LADP", "liveput", 0.83, 0.81, 0.84),
            new("gpt-6.7b", "HADP", "reactive", 0.7), new("gpt-6.7b", "LADP", "liveput", null),
        ],
    };
}
