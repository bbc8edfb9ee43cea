using Parcae.Cli.Plots.Drawing;
using Parcae.Cli.Plots.Panels;

namespace Parcae.Cli.Plots;

/// <summary>Policies over a trace: availability, every policy's strategies, and the samples, one above the other on one time axis.</summary>
internal sealed record SimulationPicture
{
    /// <summary>Headline, like "gpt-1.5b on aws-p3:HADP".</summary>
    public required string Title { get; init; }

    /// <summary>How it was made, empty for nothing.</summary>
    public string Subtitle { get; init; } = "";

    /// <summary>The time axis.</summary>
    public required PlotTime Time { get; init; }

    /// <summary>Usable instances in each interval.</summary>
    public required IReadOnlyList<int> Available { get; init; }

    /// <summary>Instances lost in each interval.</summary>
    public required IReadOnlyList<int> Lost { get; init; }

    /// <summary>The policies, in the order of their panels; at least one.</summary>
    public required IReadOnlyList<PolicyTrack> Policies { get; init; }

    /// <summary>What was forecast, or null.</summary>
    public ForecastTrack? Forecast { get; init; }

    /// <summary>The picture.</summary>
    /// <exception cref="ArgumentException">There is no policy, or a series has not one value for each interval.</exception>
    public Figure ToFigure()
    {
        if (Policies.Count == 0) throw new ArgumentException("A picture of a simulation needs at least one policy.");
        return new Figure
        {
            Title = Title,
            Subtitle = Subtitle,
            Panels =
            [
                AvailabilityPanel.Create(Time, Available, Lost, Forecast, title: "Instances available", height: 150, labelled: false),
                .. StrategyPanel.Create(Time, Available, Policies, labelled: false),
                SamplesPanel.Create(Time, Policies, labelled: true),
            ],
        };
    }
}
