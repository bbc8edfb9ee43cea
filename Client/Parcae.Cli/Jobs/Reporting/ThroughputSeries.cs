using Parcae.Cli.Demo;
using Parcae.Grains;

namespace Parcae.Cli.Jobs.Reporting;

/// <summary>A job's speed over time, from when its steps were done (<see cref="StepEnds"/>).</summary>
internal static class ThroughputSeries
{
    private const int Points = 400;

    /// <summary>Speed over time, by windows of equal length; 0 where no step ended.</summary>
    public static IReadOnlyList<ThroughputSample> Of(JobHistory history)
    {
        var ends = StepEnds.Of(history).ToArray();
        if (ends.Length == 0) return [];
        double window = Math.Max(1, ends[^1].Seconds / Points);
        var samples = new SortedDictionary<int, (int Samples, int Step)>();
        foreach (var (seconds, step) in ends)
        {
            int at = (int)(seconds / window);
            samples[at] = (samples.GetValueOrDefault(at).Samples + step.Samples, step.Step + 1);
        }

        int committed = 0;
        var points = new List<ThroughputSample>();
        for (int at = 0; at <= samples.Keys.Last(); at++)
        {
            var (count, step) = samples.GetValueOrDefault(at);
            committed = Math.Max(committed, step);
            points.Add(new ThroughputSample((at + 0.5) * window, count / window, committed));
        }

        return points;
    }
}
