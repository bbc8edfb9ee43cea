using Parcae.Cli.Plots;
using Parcae.Cli.Plots.Drawing;
using Parcae.Cli.Plots.Panels;
using Parcae.Liveput;
using Parcae.Liveput.Forecasting;
using Parcae.Liveput.Traces;

namespace Parcae.Client.Tests.Plots;

public sealed class PictureTests
{
    [Fact]
    public void Bands_are_central_quantiles_of_the_distribution()
    {
        double[] tenth = new double[10];
        Array.Fill(tenth, 0.1);
        var point = ForecastPoint.Of(3, new IntervalForecast { Available = tenth, Lost = [1] });
        Assert.Equal((3, 4.5), (point.Interval, Math.Round(point.Mean, 12)));
        Assert.Equal([new(2, 7), new(0, 8), new(0, 9)], [point.Band50, point.Band80, point.Band95]);
    }

    [Fact]
    public void Strategies_that_stay_are_one_run()
    {
        Strategy a = new(3, 2), b = new(2, 3);
        Assert.Equal([(a, 0, 2), (b, 2, 3), (Strategy.None, 3, 5), (a, 5, 6)], StrategyPanel.RunsOf([a, a, b, Strategy.None, Strategy.None, a]));
    }

    [Fact]
    public void A_simulation_has_a_panel_for_each_policy_between_availability_and_samples()
    {
        Assert.Equal(["Instances available", "ideal", "reactive", "liveput", "Samples trained"], Pictures.Simulation().ToFigure().Panels.Select(p => p.Title));
    }

    [Fact]
    public void The_instances_that_a_trace_begins_with_are_no_joins()
    {
        var picture = TracePicture.Of(Pictures.Trace);
        Assert.Equal(new TraceInterval(0, 0, 18), picture.Intervals[0]);
        Assert.Equal(Pictures.Trace.Intervals.Skip(1), picture.Intervals.Skip(1));
    }

    [Fact]
    public void A_series_of_another_length_is_refused_with_both_lengths()
    {
        var short1 = Pictures.Simulation() with { Lost = [1, 2] };
        Assert.Contains("Lost: 2 values; a picture of 60 intervals needs 60.", Assert.Throws<ArgumentException>(() => short1.ToFigure()).Message);
        var picture = Pictures.Simulation();
        var short2 = picture with { Policies = [picture.Policies[0] with { CumulativeSamples = [1] }] };
        Assert.Contains("CumulativeSamples of ideal: 1 values", Assert.Throws<ArgumentException>(() => short2.ToFigure()).Message);
    }

    [Fact]
    public void A_forecast_for_an_interval_outside_is_refused()
    {
        var picture = Pictures.Forecast();
        var point = picture.Forecasts[0].Runs[0][0] with { Interval = 60 };
        var outside = picture with { Forecasts = [new ForecastTrack("late", "", [[point]])] };
        Assert.Contains("late: a forecast for interval 60", Assert.Throws<ArgumentException>(() => outside.ToFigure()).Message);
    }

    [Fact]
    public void One_interval_without_instances_or_samples_can_be_drawn()
    {
        var figure = new SimulationPicture
        {
            Title = "nothing",
            Time = new PlotTime(0, 0.5, 1),
            Available = [0],
            Lost = [0],
            Policies = [new PolicyTrack("liveput", [Strategy.None], [0], null)],
        }.ToFigure();
        Assert.NotEmpty(SvgFigure.Render(figure));
        Assert.NotEmpty(PngFigure.Render(figure));
    }

    [Fact]
    public void Policies_have_colours_of_their_own_and_the_ideal_is_dashed_grey()
    {
        var styles = Palette.OfPolicies(["ideal", .. Enumerable.Range(0, 20).Select(i => $"policy {i}")]);
        Assert.Equal(21, styles.Values.Select(s => (s.Colour, s.Line)).Distinct().Count());
        Assert.Equal(21, styles.Values.Select(s => s.Fill).Distinct().Count());
        Assert.Equal(new PolicyStyle(Palette.Muted, OxyPlot.LineStyle.Dash, Palette.Muted), styles["ideal"]);
    }

    [Fact]
    public void Names_of_lines_that_end_together_are_moved_apart_within_the_panel()
    {
        Assert.Equal([10, 27, 60], FigureDrawing.Spread([10, 12, 60], 17, 100));
        Assert.Equal([66, 83, 100], FigureDrawing.Spread([98, 99, 100], 17, 100));
    }

    [Fact]
    public void A_legend_takes_as_many_rows_as_it_needs()
    {
        Assert.Empty(LegendRows.Of([], 100));
        LegendKey key = new("ten chars!", Palette.Ink, KeyMark.Area);
        Assert.Equal([3, 3, 1], LegendRows.Of([.. Enumerable.Repeat(key, 7)], 330).Select(r => r.Count));
        Assert.Equal([1, 1], LegendRows.Of([key, key], 5).Select(r => r.Count));
    }

    [Fact]
    public void What_follows_a_done_job_is_no_pause()
    {
        var picture = Pictures.Simulation();
        var track = picture.Policies[2] with { Name = "deadline", Strategies = [.. picture.Policies[2].Strategies.Select((s, i) => i < 30 ? s : Strategy.None)] };
        Assert.Contains("paused", Note(track), StringComparison.Ordinal);
        Assert.DoesNotContain("paused", Note(track with { DoneAt = 30 }), StringComparison.Ordinal);
        string Note(PolicyTrack policy) => (picture with { Policies = [policy] }).ToFigure().Panels[1].Note;
    }
}
