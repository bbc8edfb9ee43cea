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
    /// <param name="fetch">For a stage and the replicas it kept: the time of its own transfer, above 0 when it is in need, and its part of the sum; milliseconds.</param>
    public static (double Chance, double TransferMs) Expect(Strategy from, int instances, int lost, int wanted, Func<int, int, (double LongestMs, double SumMs)> fetch)
    {
        double chance = (double)lost / instances;
        var stage = LossPolynomial.Binomial(from.Pipelines, chance, 0, lost);
        var states = new Dictionary<(double Longest, double Sum), double[]> { [(0, 0)] = LossPolynomial.Binomial(instances - from.Instances, chance).Coefficients(lost) };
        for (int s = 0; s < from.Depth; s++)
        {
            var next = new Dictionary<(double Longest, double Sum), double[]>();
            foreach (var ((longest, sum), polynomial) in states)
            {
                for (int gone = 0; gone <= Math.Min(lost, from.Pipelines); gone++)
                {
                    var (one, whole) = from.Pipelines - gone < wanted ? fetch(s, from.Pipelines - gone) : default;
                    var key = (Math.Max(longest, one), sum + whole);
                    ref double[]? target = ref CollectionsMarshal.GetValueRefOrAddDefault(next, key, out _);
                    target ??= new double[lost + 1];
                    for (int k = 0; k + gone <= lost; k++) target[k + gone] += polynomial[k] * stage[gone];
                }
            }

            states = next;
        }

        double all = LossPolynomial.Binomial(instances, chance, lost, lost)[lost], some = 0, expected = 0;
        foreach (var ((longest, sum), polynomial) in states)
        {
            if (longest <= 0) continue;
            some += polynomial[lost];
            expected += polynomial[lost] * Math.Max(longest, sum);
        }

        return (some / all, expected / all);
    }
}
