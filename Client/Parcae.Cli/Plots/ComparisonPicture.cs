using Parcae.Cli.Plots.Drawing;
using Parcae.Cli.Plots.Panels;

namespace Parcae.Cli.Plots;

/// <summary>A bar of the comparison.</summary>
/// <param name="Panel">The diagram that it is in, like the profile; one diagram where all are the same.</param>
/// <param name="Group">The group of bars that it is in, like the segment.</param>
/// <param name="Policy">The policy; tells the colour.</param>
/// <param name="Fraction">Samples over the ideal's; null where there is none (no feasible strategy at any time).</param>
/// <param name="Low">Lower end of the 95 % interval, or null.</param>
/// <param name="High">Upper end, or null.</param>
internal sealed record ComparisonBar(string Panel, string Group, string Policy, double? Fraction, double? Low = null, double? High = null);

/// <summary>Policies compared: fractions of the ideal samples as bars. Panels, groups and policies keep the order in which they first appear.</summary>
internal sealed record ComparisonPicture
{
    /// <summary>Headline.</summary>
    public required string Title { get; init; }

    /// <summary>How it was made, empty for nothing.</summary>
    public string Subtitle { get; init; } = "";

    /// <summary>At least one.</summary>
    public required IReadOnlyList<ComparisonBar> Bars { get; init; }

    /// <summary>The picture.</summary>
    /// <exception cref="ArgumentException">There is no bar.</exception>
    public Figure ToFigure()
    {
        if (Bars.Count == 0) throw new ArgumentException("A comparison needs at least one bar.");
        string[] policies = [.. Bars.Select(b => b.Policy).Distinct()];
        return new Figure
        {
            Title = Title,
            Subtitle = Subtitle,
            Keys = ComparisonPanel.Keys(Bars, policies),
            Panels = [.. Bars.GroupBy(b => b.Panel).Select((panel, i) => ComparisonPanel.Create(panel.Key, [.. panel], policies, noted: i == 0))],
        };
    }
}
