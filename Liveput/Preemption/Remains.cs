using Parcae.Liveput.Profiles;

namespace Parcae.Liveput.Preemption;

/// <summary>What remains of a strategy after a preemption whose outcome is not known: distributions and expectations.</summary>
public sealed class Remains
{
    private readonly double[] _survivingPipelines;
    private readonly double[][] _stageLosses;

    internal Remains(double[] survivingPipelines, double[][] stageLosses) => (_survivingPipelines, _stageLosses) = (survivingPipelines, stageLosses);

    /// <summary>The chance of each number of replicas that the worst stage keeps: how many pipelines can go on without moving a layer, <c>[0 .. D]</c>.</summary>
    public IReadOnlyList<double> SurvivingPipelines => _survivingPipelines;

    /// <summary>The chance of each number of replicas that a stage loses, <c>[stage][0 .. D]</c>.</summary>
    public IReadOnlyList<IReadOnlyList<double>> StageLosses => _stageLosses;

    /// <summary>How many stages are expected to lose every replica.</summary>
    public double ExpectedLostStages => _stageLosses.Sum(s => s[^1]);

    /// <summary>The chance that every stage keeps at least <paramref name="replicas"/>.</summary>
    /// <param name="replicas">m, 0 .. D.</param>
    public double EveryStageKeeps(int replicas)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(replicas);
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual(replicas, _survivingPipelines.Length);
        return Math.Min(1, _survivingPipelines[replicas..].Sum());
    }

    /// <summary>How many replicas are expected to be missing, over all stages, where each should have <paramref name="replicas"/>: the expectation of sum_s max(0, m - survivors_s).</summary>
    /// <param name="replicas">m, at least 0; may be more than D.</param>
    public double ExpectedDeficit(int replicas)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(replicas);
        double deficit = 0;
        foreach (double[] losses in _stageLosses)
        {
            for (int j = 0; j < losses.Length; j++) deficit += losses[j] * Math.Max(0, replicas - (losses.Length - 1 - j));
        }

        return deficit;
    }

    /// <summary>Expected samples per second of what can go on without moving a layer.</summary>
    /// <param name="profile">The throughputs.</param>
    public double Liveput(PlanningProfile profile)
    {
        ArgumentNullException.ThrowIfNull(profile);
        double expected = 0;
        for (int kept = 1; kept < _survivingPipelines.Length; kept++) expected += _survivingPipelines[kept] * profile.Throughput(kept, _stageLosses.Length);
        return expected;
    }
}
