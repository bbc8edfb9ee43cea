using Parcae.Liveput.Profiles;

namespace Parcae.Liveput.Preemption;

/// <summary>Exact probabilities and expectations of what remains of D pipelines of P stages after k of N instances are lost uniformly at random without replacement.</summary>
/// <remarks>
/// The chance that every stage keeps at least m replicas is [x^k] (sum_{j=0..D-m} C(D,j) x^j)^P (1+x)^(N-DP) / C(N,k). Substituting x -> x p/(1-p) and scaling by (1-p)^N turns numerator and
/// denominator into probabilities under independent losses with chance p = k/N: nothing overflows and no terms cancel. Of a partial product of n stages only those
/// degrees are kept that n stages lose with a chance above 1e-25 when k are lost in all: O(sqrt N) of them, so that a product takes O(N) and an answer O(N log P) operations. Answers have an
/// absolute error of about 1e-14 up to thousands of instances.
/// </remarks>
public static class PreemptionOutcomes
{
    /// <summary>Partial products leave out what is less likely than this beside the likeliest.</summary>
    private const double Negligible = 1e-25;

    /// <summary>The chance that every stage keeps at least <paramref name="replicas"/> of its replicas.</summary>
    /// <param name="pipelines">D, at least 1.</param>
    /// <param name="depth">P, at least 1.</param>
    /// <param name="instances">N, at least D * P; those beyond are spares.</param>
    /// <param name="lost">k, 0 .. N.</param>
    /// <param name="replicas">m, 0 .. D.</param>
    public static double EveryStageKeeps(int pipelines, int depth, int instances, int lost, int replicas)
    {
        Check(pipelines, depth, instances, lost);
        ArgumentOutOfRangeException.ThrowIfNegative(replicas);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(replicas, pipelines);
        return EveryStageLosesAtMost(pipelines - replicas, pipelines, depth, instances, lost);
    }

    /// <summary>The chance of each number of replicas that the worst stage keeps: how many pipelines can go on without moving a layer, <c>[0 .. D]</c>.</summary>
    /// <param name="pipelines">D, at least 1.</param>
    /// <param name="depth">P, at least 1.</param>
    /// <param name="instances">N, at least D * P; those beyond are spares.</param>
    /// <param name="lost">k, 0 .. N.</param>
    public static double[] SurvivingPipelines(int pipelines, int depth, int instances, int lost)
    {
        var chances = new double[pipelines + 1];
        AddSurvivingPipelines(pipelines, depth, instances, lost, 1, chances);
        return chances;
    }

    /// <summary>The same over a distribution of losses.</summary>
    /// <param name="pipelines">D, at least 1.</param>
    /// <param name="depth">P, at least 1.</param>
    /// <param name="instances">N, at least D * P; those beyond are spares.</param>
    /// <param name="lost">Probability of each number of losses, <c>[0 .. at most N]</c>.</param>
    public static double[] SurvivingPipelines(int pipelines, int depth, int instances, IReadOnlyList<double> lost)
    {
        ArgumentNullException.ThrowIfNull(lost);
        var chances = new double[pipelines + 1];
        for (int k = 0; k < lost.Count; k++)
        {
            if (lost[k] != 0) AddSurvivingPipelines(pipelines, depth, instances, k, lost[k], chances);
        }

        return chances;
    }

    /// <summary>The chance of each number of replicas that a stage loses, the same for every stage, <c>[0 .. D]</c>.</summary>
    /// <param name="pipelines">D, at least 1.</param>
    /// <param name="instances">N, at least D.</param>
    /// <param name="lost">k, 0 .. N.</param>
    public static double[] StageLosses(int pipelines, int instances, int lost)
    {
        Check(pipelines, 1, instances, lost);
        return Hypergeometric.All(instances, pipelines, lost);
    }

    /// <summary>How many replicas are expected to be missing, over all stages, where each should have <paramref name="replicas"/>: the expectation of sum_s max(0, m - survivors_s).</summary>
    /// <param name="pipelines">D, at least 1.</param>
    /// <param name="depth">P, at least 1.</param>
    /// <param name="instances">N, at least D * P; those beyond are spares.</param>
    /// <param name="lost">k, 0 .. N.</param>
    /// <param name="replicas">m, at least 0; may be more than D.</param>
    public static double ExpectedDeficit(int pipelines, int depth, int instances, int lost, int replicas)
    {
        Check(pipelines, depth, instances, lost);
        ArgumentOutOfRangeException.ThrowIfNegative(replicas);
        var losses = StageLosses(pipelines, instances, lost);
        double deficit = 0;
        for (int j = 0; j < losses.Length; j++) deficit += losses[j] * Math.Max(0, replicas - (pipelines - j));
        return depth * deficit;
    }

    /// <summary>How many stages are expected to lose every replica, so that their state must come from elsewhere.</summary>
    /// <param name="pipelines">D, at least 1.</param>
    /// <param name="depth">P, at least 1.</param>
    /// <param name="instances">N, at least D * P; those beyond are spares.</param>
    /// <param name="lost">k, 0 .. N.</param>
    public static double ExpectedLostStages(int pipelines, int depth, int instances, int lost)
    {
        Check(pipelines, depth, instances, lost);
        return depth * StageLosses(pipelines, instances, lost)[pipelines];
    }

    /// <summary>Liveput: expected samples per second of what can go on without moving a layer, given a distribution of losses (the paper, section 5).</summary>
    /// <param name="profile">The throughputs.</param>
    /// <param name="strategy">D x P; a pause has liveput 0.</param>
    /// <param name="instances">N, at least D * P.</param>
    /// <param name="lost">Probability of each number of losses, <c>[0 .. at most N]</c>.</param>
    public static double Liveput(PlanningProfile profile, Strategy strategy, int instances, IReadOnlyList<double> lost)
    {
        ArgumentNullException.ThrowIfNull(profile);
        ArgumentNullException.ThrowIfNull(lost);
        if (strategy.IsPause) return 0;
        var chances = SurvivingPipelines(strategy.Pipelines, strategy.Depth, instances, lost);
        double expected = 0;
        for (int kept = 1; kept < chances.Length; kept++) expected += chances[kept] * profile.Throughput(kept, strategy.Depth);
        return expected;
    }

    private static void AddSurvivingPipelines(int pipelines, int depth, int instances, int lost, double weight, double[] chances)
    {
        Check(pipelines, depth, instances, lost);
        var bounds = new WorstStageBounds(pipelines, depth, instances, lost);
        double below = 0;
        for (int allowed = bounds.First; allowed <= bounds.Last; allowed++)
        {
            double atMost = allowed == bounds.Last ? 1 : EveryStageLosesAtMost(allowed, pipelines, depth, instances, lost);
            chances[pipelines - allowed] += weight * Math.Max(0, atMost - below);
            below = Math.Max(below, atMost);
        }
    }

    private static double EveryStageLosesAtMost(int allowed, int pipelines, int depth, int instances, int lost)
    {
        int spares = instances - (pipelines * depth);
        if (allowed >= Math.Min(lost, pipelines)) return 1;
        if (lost > ((long)allowed * depth) + spares) return 0;
        double chance = (double)lost / instances;
        var (low, high) = Window(1);
        var stages = LossPolynomial.Binomial(pipelines, chance, low, Math.Min(allowed, high)).Power(depth, Window);
        (low, high) = Hypergeometric.Window(instances, spares, lost, Negligible);
        double numerator = stages.CoefficientOfProduct(LossPolynomial.Binomial(spares, chance, low, high), lost);
        return Math.Min(1, numerator / LossPolynomial.Binomial(instances, chance, lost, lost).Values[0]);

        (int, int) Window(int stages) => Hypergeometric.Window(instances, stages * pipelines, lost, Negligible);
    }

    private static void Check(int pipelines, int depth, int instances, int lost)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(pipelines, 1);
        ArgumentOutOfRangeException.ThrowIfLessThan(depth, 1);
        ArgumentOutOfRangeException.ThrowIfLessThan(instances, (long)pipelines * depth);
        ArgumentOutOfRangeException.ThrowIfNegative(lost);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(lost, instances);
    }
}
