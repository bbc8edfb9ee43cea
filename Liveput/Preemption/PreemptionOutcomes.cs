namespace Parcae.Liveput.Preemption;

/// <summary>Exact probabilities of what remains of D pipelines of P stages after k of N instances are lost uniformly at random without replacement.</summary>
/// <remarks>
/// The chance that every stage keeps at least m replicas is [x^k] (sum_{j=0..D-m} C(D,j) x^j)^P (1+x)^(N-DP) / C(N,k). Substituting x -> x p/(1-p) and scaling by (1-p)^N turns
/// numerator and denominator into probabilities under independent losses with chance p, for any p: nothing overflows, no terms cancel, and
/// with p = k/N nothing of weight underflows for thousands of instances.
/// </remarks>
public static class PreemptionOutcomes
{
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
        int allowed = pipelines - replicas;
        if (allowed >= Math.Min(lost, pipelines)) return 1;
        if (lost > ((long)allowed * depth) + (instances - (pipelines * depth))) return 0;
        double chance = (double)lost / instances;
        var stages = LossPolynomial.Power(LossPolynomial.Stage(pipelines, allowed, chance, lost), depth, lost);
        var spares = LossPolynomial.Binomial(instances - (pipelines * depth), chance, lost);
        var all = LossPolynomial.Binomial(instances, chance, lost);
        double sum = 0;
        for (int j = 0; j <= lost; j++) sum += stages[j] * spares[lost - j];
        return Math.Min(1, sum / all[lost]);
    }

    /// <summary>The chance of each number of replicas that the worst stage keeps: how many pipelines can go on without moving a layer, <c>[0 .. D]</c>.</summary>
    /// <param name="pipelines">D, at least 1.</param>
    /// <param name="depth">P, at least 1.</param>
    /// <param name="instances">N, at least D * P; those beyond are spares.</param>
    /// <param name="lost">k, 0 .. N.</param>
    public static double[] SurvivingPipelines(int pipelines, int depth, int instances, int lost)
    {
        Check(pipelines, depth, instances, lost);
        var chances = new double[pipelines + 1];
        double above = 0;
        for (int kept = pipelines; kept >= 0; kept--)
        {
            double atLeast = EveryStageKeeps(pipelines, depth, instances, lost, kept);
            chances[kept] = Math.Max(0, atLeast - above);
            above = Math.Max(above, atLeast);
            if (atLeast >= 1) break;
        }

        return chances;
    }

    /// <summary>Liveput: expected samples per second of what can go on without moving a layer, given a distribution of losses (the paper, section 5).</summary>
    /// <param name="profile">The throughputs.</param>
    /// <param name="strategy">D x P; a pause has liveput 0.</param>
    /// <param name="instances">N, at least D * P.</param>
    /// <param name="lost">Probability of each number of losses, <c>[0 .. at most N]</c>.</param>
    public static double Liveput(Profiles.PlanningProfile profile, Strategy strategy, int instances, IReadOnlyList<double> lost)
    {
        ArgumentNullException.ThrowIfNull(profile);
        ArgumentNullException.ThrowIfNull(lost);
        if (strategy.IsPause) return 0;
        double expected = 0;
        for (int k = 0; k < lost.Count; k++)
        {
            if (lost[k] == 0) continue;
            var chances = SurvivingPipelines(strategy.Pipelines, strategy.Depth, instances, k);
            for (int kept = 1; kept < chances.Length; kept++) expected += lost[k] * chances[kept] * profile.Throughput(kept, strategy.Depth);
        }

        return expected;
    }

    private static void Check(int pipelines, int depth, int instances, int lost)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(pipelines, 1);
        ArgumentOutOfRangeException.ThrowIfLessThan(depth, 1);
        ArgumentOutOfRangeException.ThrowIfLessThan(instances, pipelines * depth);
        ArgumentOutOfRangeException.ThrowIfNegative(lost);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(lost, instances);
    }
}
