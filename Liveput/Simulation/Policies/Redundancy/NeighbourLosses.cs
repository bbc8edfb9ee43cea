using Parcae.Liveput.Preemption;

namespace Parcae.Liveput.Simulation.Policies.Redundancy;

/// <summary>Whether two neighbours of a pipeline are lost together; the last stage is a neighbour of the first.</summary>
internal static class NeighbourLosses
{
    /// <summary>The exact chance that no two neighbours are lost when <paramref name="lost"/> of <paramref name="instances"/> are, uniformly.</summary>
    /// <remarks>
    /// Of a ring of P, j that are no neighbours can be chosen in r(P, j) = P / (P - j) * C(P - j, j) ways. So the chance is [x^k] (sum_j r(P, j) x^j)^D (1 + x)^(N - DP) / C(N, k), computed with weights that neither
    /// overflow nor cancel, as in <see cref="PreemptionOutcomes"/>. A pipeline of one stage has no neighbour to step in: r(1, 1) = 0.
    /// </remarks>
    public static double NoneTogether(Strategy running, int instances, int lost)
    {
        double chance = (double)lost / instances;
        var pipelines = Ring(running.Depth, chance, lost).Power(running.Pipelines, _ => (0, lost));
        var standbys = LossPolynomial.Binomial(instances - running.Instances, chance, 0, lost);
        return Math.Min(1, pipelines.CoefficientOfProduct(standbys, lost) / LossPolynomial.Binomial(instances, chance, lost, lost)[lost]);
    }

    /// <summary>Whether it is so when just these are lost; instance k serves stage k mod P of pipeline k / P.</summary>
    public static bool AnyTogether(Strategy running, ReadOnlySpan<bool> lost)
    {
        for (int k = 0; k < running.Instances; k++)
        {
            int next = (k + 1) % running.Depth == 0 ? k + 1 - running.Depth : k + 1;
            if (lost[k] && lost[next]) return true;
        }

        return false;
    }

    private static LossPolynomial Ring(int depth, double chance, int degree)
    {
        var ring = new double[Math.Min(degree, depth / 2) + 1];
        double ways = 1;
        for (int j = 0; j < ring.Length; j++)
        {
            ring[j] = ways * Math.Pow(chance, j) * Math.Pow(1 - chance, depth - j);
            ways *= (depth - (2 * j)) * (depth - (2 * j) - 1) / ((j + 1.0) * (depth - j - 1));
        }

        return new LossPolynomial(0, ring);
    }
}
