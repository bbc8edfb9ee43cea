using System.Globalization;

using OxyPlot;
using OxyPlot.Annotations;
using OxyPlot.Series;

using Parcae.Cli.Plots.Drawing;
using Parcae.Liveput;

namespace Parcae.Cli.Plots.Panels;

/// <summary>The strategies of a policy over time: height is instances in use (D x P), against what was available; colour is the depth P.</summary>
internal static class StrategyPanel
{
    private const double Height = 104, LabelSize = 12;

    /// <summary>How many depths the legend names; more are thinned out evenly, since the colours are a scale.</summary>
    private const int MostKeys = 7;

    /// <summary>One panel for each policy, with the same colours.</summary>
    public static IEnumerable<Panel> Create(PlotTime time, IReadOnlyList<int> available, IReadOnlyList<PolicyTrack> policies, bool labelled)
    {
        int[] depths = [.. policies.SelectMany(p => p.Strategies).Where(s => !s.IsPause).Select(s => s.Depth).Distinct().Order()];
        double top = Math.Max(1, Math.Max(available.Max(), policies.SelectMany(p => p.Strategies).Select(s => s.Instances).DefaultIfEmpty(0).Max())) * 1.06;
        bool pauses = policies.Any(p => Working(p).Any(s => s.IsPause));
        for (int i = 0; i < policies.Count; i++)
        {
            var policy = policies[i];
            yield return new Panel
            {
                Title = policy.Name,
                Note = (i == 0 ? "D x P instances in use; " : "") + Note(policy),
                Model = ModelOf(time, available, policy, depths, top, labelled && i == policies.Count - 1),
                Height = Height,
                Foot = Axes.FootOf(labelled && i == policies.Count - 1),
                Keys = i == 0 ? Keys(depths, pauses) : [],
            };
        }
    }

    private static PlotModel ModelOf(PlotTime time, IReadOnlyList<int> available, PolicyTrack policy, int[] depths, double top, bool labelled)
    {
        _ = time.Each(policy.Strategies, $"Strategies of {policy.Name}");
        var model = Axes.OverTime(time, top, labelled);
        model.Series.Add(Shapes.Band(time, available.Select((n, i) => (i, 0.0, (double)n)), Palette.Unused));
        double unitsPerMinute = Shapes.UnitsPerMinute(time);
        foreach (var (strategy, from, to) in RunsOf(Working(policy)))
        {
            double left = time.Minute(from), right = time.Minute(to), width = (right - left) * unitsPerMinute;
            double high = strategy.IsPause ? top : strategy.Instances;
            var colour = strategy.IsPause ? OxyColor.FromAColor(70, Palette.Loss) : Palette.Depth(Array.IndexOf(depths, strategy.Depth), depths.Length);
            var area = new RectangleBarSeries { FillColor = colour, StrokeThickness = width > 5 ? 0.75 : 0, StrokeColor = OxyColors.White };
            area.Items.Add(new RectangleBarItem(left, 0, right, high));
            model.Series.Add(area);
            Label(model, strategy, (left + right) / 2, high, width, Height / top, strategy.IsPause ? Palette.Ink : Palette.On(colour));
        }

        if (policy.DoneAt is { } done && done < time.Intervals) Done(model, time.Minute(done), top);

        model.Series.Add(Shapes.Steps(time, Shapes.Indexed(available), Palette.Ink, 1));
        return model;
    }

    private static List<Strategy> Working(PolicyTrack policy) => [.. policy.Strategies.Take(policy.DoneAt ?? policy.Strategies.Count)];

    private static void Done(PlotModel model, double minute, double top)
    {
        model.Annotations.Add(new LineAnnotation { Type = LineAnnotationType.Vertical, X = minute, Color = Palette.Ink, LineStyle = LineStyle.Solid, StrokeThickness = 1.5 });
        model.Annotations.Add(new TextAnnotation
        {
            Text = "done",
            TextPosition = new DataPoint(minute, top * 0.2),
            Offset = new ScreenVector(6, 0),
            TextHorizontalAlignment = HorizontalAlignment.Left,
            TextVerticalAlignment = VerticalAlignment.Middle,
            FontSize = LabelSize,
            TextColor = Palette.Ink,
            StrokeThickness = 0,
        });
    }

    /// <summary>"D x P" in the middle of its area: level where it fits, else upright, else not at all. A pause is named at the top, above the line of what was available.</summary>
    private static void Label(PlotModel model, Strategy strategy, double x, double high, double width, double unitsPerInstance, OxyColor colour)
    {
        double height = high * unitsPerInstance;
        string text = $"{strategy}";
        double length = (text.Length * LabelSize * 0.58) + 6;
        bool level = length <= width && height > LabelSize + 4;
        if (!level && (width < LabelSize + 2 || length > height)) return;
        model.Annotations.Add(new TextAnnotation
        {
            Text = text,
            TextPosition = new DataPoint(x, strategy.IsPause ? high - ((level ? 10 : (length / 2) + 2) / unitsPerInstance) : high / 2),
            TextRotation = level ? 0 : -90,
            TextHorizontalAlignment = HorizontalAlignment.Center,
            TextVerticalAlignment = VerticalAlignment.Middle,
            FontSize = LabelSize,
            TextColor = colour,
            StrokeThickness = 0,
        });
    }

    /// <summary>Strategies that stay, with their first interval and the one after their last.</summary>
    internal static IEnumerable<(Strategy Strategy, int From, int To)> RunsOf(IReadOnlyList<Strategy> strategies)
    {
        int from = 0;
        for (int i = 1; i <= strategies.Count; i++)
        {
            if (i < strategies.Count && strategies[i] == strategies[from]) continue;
            yield return (strategies[from], from, i);
            from = i;
        }
    }

    private static string Note(PolicyTrack policy)
    {
        var strategies = Working(policy);
        int changes = RunsOf(strategies).Count() - 1, paused = strategies.Count(s => s.IsPause);
        string fraction = policy.FractionOfIdeal is { } f && policy.Name != Palette.Ideal ? string.Create(CultureInfo.InvariantCulture, $"{f:0.000} of ideal; ") : "";
        return $"{fraction}{changes} {(changes == 1 ? "change" : "changes")} of strategy{(paused > 0 ? $"; {paused} {(paused == 1 ? "interval" : "intervals")} paused" : "")}";
    }

    private static LegendKey[] Keys(int[] depths, bool pauses)
    {
        int count = Math.Min(depths.Length, MostKeys);
        var ranks = Enumerable.Range(0, count).Select(k => count == 1 ? 0 : (int)Math.Round((double)k * (depths.Length - 1) / (count - 1)));
        LegendKey[] all =
        [
            .. ranks.Select((rank, k) => new LegendKey(k == 0 ? $"depth {depths[rank]}" : $"{depths[rank]}", Palette.Depth(rank, depths.Length), KeyMark.Area)),
            new("unused", Palette.Unused, KeyMark.Area),
        ];
        return pauses ? [.. all, new("pause", OxyColor.FromAColor(70, Palette.Loss), KeyMark.Area)] : all;
    }
}
