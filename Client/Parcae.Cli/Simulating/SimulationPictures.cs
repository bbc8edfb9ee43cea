using Parcae.Cli.Plots;
using Parcae.Cli.Plots.Drawing;
using Parcae.Liveput.Simulation;

namespace Parcae.Cli.Simulating;

/// <summary>Results as pictures.</summary>
internal static class SimulationPictures
{
    /// <summary>One run: availability, strategies and samples over time; several: bars.</summary>
    public static Figure Of(IReadOnlyList<SimulationRun> runs) => runs.Count == 1 ? Timeline(runs[0]) : Comparison(runs);

    private static Figure Timeline(SimulationRun run)
    {
        bool several = SimulationTables.Several([run]);
        var trace = run.Part.Trace;
        return new SimulationPicture
        {
            Title = $"{run.Setting.Profile.Model} on {trace.Name}",
            Subtitle = $"{run.Setting.Costs.Name} costs{SimulationTables.Restart(run)}",
            Time = new PlotTime(run.Part.From, trace.IntervalSeconds, trace.Intervals.Count),
            Available = [.. trace.Intervals.Select(i => i.Available)],
            Lost = [.. trace.Intervals.Select(i => i.Removed)],
            Policies = [.. run.Policies.Select(p => new PolicyTrack(
                p.Title(several), [.. p.Result.Intervals.Select(i => i.Strategy)], Cumulative(p.Result), p.Result.Policy == "ideal" ? null : run.Fraction(p.Result.Samples),
                p.Result.DoneMs is { } done ? (int)Math.Ceiling(done / run.Setting.IntervalMs) : null))],
        }.ToFigure();
    }

    private static Figure Comparison(IReadOnlyList<SimulationRun> runs)
    {
        bool several = SimulationTables.Several(runs);
        return new ComparisonPicture
        {
            Title = "Samples of each policy, as a fraction of ideal",
            Subtitle = $"{runs[0].Setting.Costs.Name} costs",
            Bars = [.. from run in runs
                       from policy in run.Policies
                       where policy.Result.Policy != "ideal"
                       select new ComparisonBar(
                           run.Setting.Profile.Model + SimulationTables.Restart(run), run.Part.Trace.Name, policy.Title(several), run.Fraction(policy.Result.Samples),
                           policy.Drawn is { } low ? run.Fraction(low.Low) : null, policy.Drawn is { } high ? run.Fraction(high.High) : null)],
        }.ToFigure();
    }

    private static double[] Cumulative(PolicyResult result)
    {
        var cumulative = new double[result.Intervals.Count];
        double sum = 0;
        for (int i = 0; i < cumulative.Length; i++) cumulative[i] = sum += result.Intervals[i].Samples;
        return cumulative;
    }
}
