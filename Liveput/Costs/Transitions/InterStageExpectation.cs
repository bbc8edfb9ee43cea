using System.Runtime.InteropServices;

using Parcae.Liveput.Preemption;

namespace Parcae.Liveput.Costs.Transitions;

/// <summary>Exact expectation, over which instances are lost, of the longest and the summed transfers of an inter-stage migration.</summary>
/// <remarks>
/// Stage by stage, a polynomial in the number of losses is kept for every pair (longest transfer of a stage in need, sum over the stages that were wholly lost). Stages have few different
/// sizes and few can be wholly lost, so there are few pairs.
/// </remarks>
internal static class InterStageExpectation
{
    /// <summary>The chance that some stage has fewer than <paramref name="wanted"/> replicas left, and the expected transfer (0 where none has), milliseconds.</summary>
    /// <param name="from">D x P before.</param>
    /// <param name="instances">N before.</param>
    /// <param name="lost">Of the N.</param>
    /// <param name="wanted">Pipelines after.</param>
    /// <param name="transferMs">Of each stage, <c>[P]</c>.</param>
    public static (double Chance, double TransferMs) Expect(Strategy from, int instances, int lost, int wanted, double[] transferMs)
    {
        double chance = (double)lost / instances;
        var stage = LossPolynomial.Binomial(from.Pipelines, chance, lost);
        var states = new Dictionary<(double Longest, double Sum), double[]> { [(0, 0)] = LossPolynomial.Binomial(instances - from.Instances, chance, lost) };
        for (int s = 0; s < from.Depth; s++)
        {
            var next = new Dictionary<(double Longest, double Sum), double[]>();
            foreach (var ((longest, sum), polynomial) in states)
            {
                for (int gone = 0; gone <= Math.Min(lost, from.Pipelines); gone++)
                {
                    int need = Math.Max(0, wanted - (from.Pipelines - gone));
                    bool whole = need > 0 && need >= (s == from.Depth - 1 ? wanted - 1 : wanted);
                    var key = (need > 0 ? Math.Max(longest, transferMs[s]) : longest, whole ? sum + transferMs[s] : sum);
                    ref double[]? target = ref CollectionsMarshal.GetValueRefOrAddDefault(next, key, out _);
                    target ??= new double[lost + 1];
                    for (int k = 0; k + gone <= lost; k++) target[k + gone] += polynomial[k] * stage[gone];
                }
            }

            states = next;
        }

        double all = LossPolynomial.Binomial(instances, chance, lost)[lost], some = 0, expected = 0;
        foreach (var ((longest, sum), polynomial) in states)
        {
            if (longest <= 0) continue;
            some += polynomial[lost];
            expected += polynomial[lost] * Math.Max(longest, sum);
        }

        return (some / all, expected / all);
    }
}
