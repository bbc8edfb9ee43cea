using Parcae.Cli.Plots.Drawing;
using Parcae.Cli.Plots.Panels;

namespace Parcae.Cli.Plots;

/// <summary>Forecasters against what came: one panel each, on one time axis.</summary>
internal sealed record ForecastPicture
{
    /// <summary>Headline.</summary>
    public required string Title { get; init; }

    /// <summary>How it was made, empty for nothing.</summary>
    public string Subtitle { get; init; } = "";

    /// <summary>The time axis.</summary>
    public required PlotTime Time { get; init; }

    /// <summary>Usable instances at the end of each interval.</summary>
    public required IReadOnlyList<int> Available { get; init; }

    /// <summary>Instances lost in each interval.</summary>
    public required IReadOnlyList<int> Lost { get; init; }

    /// <summary>The forecasters, in the order of their panels; at least one.</summary>
    public required IReadOnlyList<ForecastTrack> Forecasts { get; init; }

    /// <summary>The picture.</summary>
    /// <exception cref="ArgumentException">There is no forecaster, a series has not one value for each interval, or a forecast is for an interval outside.</exception>
    public Figure ToFigure()
    {
        if (Forecasts.Count == 0) throw new ArgumentException("A picture of forecasts needs at least one forecaster.");

        // One scale, so that the panels can be compared.
        double most = Forecasts.SelectMany(f => f.Runs).SelectMany(r => r).Select(p => p.Band95.High).DefaultIfEmpty(0).Max();
        return new Figure
        {
            Title = Title,
            Subtitle = Subtitle,
            Panels =
            [
                .. Forecasts.Select((f, i) => AvailabilityPanel.Create(
                    Time, Available, Lost, f, title: f.Name, height: Forecasts.Count == 1 ? 380 : 200, labelled: i == Forecasts.Count - 1, withKeys: i == 0, most)),
            ],
        };
    }
}
