using System.Globalization;

using OxyPlot;

using Parcae.Cli.Plots.Drawing;

namespace Parcae.Cli.Plots.Panels;

/// <summary>Samples trained since the beginning, for each policy.</summary>
internal static class SamplesPanel
{
    /// <summary>The panel.</summary>
    public static Panel Create(PlotTime time, IReadOnlyList<PolicyTrack> policies, bool labelled)
    {
        var styles = Palette.OfPolicies(policies.Select(p => p.Name));
        double most = policies.Max(p => time.Each(p.CumulativeSamples, $"CumulativeSamples of {p.Name}").Max());
        var model = Axes.OverTime(time, Math.Max(most, 1) * 1.04, labelled);
        foreach (var policy in policies)
        {
            var style = styles[policy.Name];
            var points = policy.CumulativeSamples.Select((s, i) => new DataPoint(time.Minute(i + 1), s)).Prepend(new DataPoint(time.Minute(0), 0));
            model.Series.Add(Shapes.Line(points, style.Colour, policy.Name == Palette.Ideal ? 1.6 : 2.2, style.Line));
        }

        return new Panel
        {
            Title = "Samples trained",
            Note = "since the beginning",
            Model = model,
            Height = 250,
            Foot = Axes.FootOf(labelled),
            EndLabels = [.. policies.Select(p => new EndLabel(p.CumulativeSamples[^1], Text(p), styles[p.Name].Colour, styles[p.Name].Line))],
        };
    }

    private static string Text(PolicyTrack policy) => policy.FractionOfIdeal is { } fraction && policy.Name != Palette.Ideal
        ? string.Create(CultureInfo.InvariantCulture, $"{policy.Name}  {fraction:0.000}")
        : policy.Name;
}
