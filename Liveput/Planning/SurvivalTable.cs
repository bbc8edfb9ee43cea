using Parcae.Liveput.Preemption;

namespace Parcae.Liveput.Planning;

/// <summary>For one strategy: the chance that its worst stage loses d of its D replicas, for every count of instances and number of losses that a plan tells apart.</summary>
internal sealed class SurvivalTable
{
    private readonly double[] _chances;
    private readonly int[] _lossStart;
    private readonly int _stride;
    private readonly int _firstCount;

    /// <summary>Computes the table.</summary>
    /// <param name="strategy">D x P.</param>
    /// <param name="counts">Instance counts, ascending; those below D * P are left out.</param>
    /// <param name="losses">Numbers of losses, ascending from 0.</param>
    /// <param name="totals">The same for every strategy: <see cref="Totals"/>.</param>
    public SurvivalTable(Strategy strategy, int[] counts, int[] losses, double[][] totals)
    {
        int used = strategy.Instances;
        _lossStart = new int[losses.Length];
        for (int i = 0; i < losses.Length; i++)
        {
            _lossStart[i] = _stride;
            _stride += Math.Min(losses[i], strategy.Pipelines) + 1;
        }

        while (_firstCount < counts.Length && counts[_firstCount] < used) _firstCount++;
        _chances = new double[(counts.Length - _firstCount) * _stride];
        if (_chances.Length == 0) return;

        double chance = Chance(counts, losses, out int degree);
        var pool = LossPolynomial.Binomial(counts[_firstCount] - used, chance, degree);
        for (int allowed = 0; allowed <= Math.Min(degree, strategy.Pipelines); allowed++)
        {
            // The worst stage loses at most this many; entries first hold such sums, then their differences.
            var kept = LossPolynomial.Power(LossPolynomial.Stage(strategy.Pipelines, allowed, chance, degree), strategy.Depth, degree);
            Record(allowed, LossPolynomial.Product(kept, pool, degree), totals, counts, losses, strategy.Pipelines, chance);
        }

        ToDifferences(losses, strategy.Pipelines, counts.Length - _firstCount);
    }

    /// <summary>The chances of d = 0 .. min(k, D), given count and losses by index. Only for counts that hold the strategy and at least as many instances as are lost.</summary>
    public ReadOnlySpan<double> Chances(int count, int loss)
    {
        int start = ((count - _firstCount) * _stride) + _lossStart[loss];
        int end = loss + 1 < _lossStart.Length ? ((count - _firstCount) * _stride) + _lossStart[loss + 1] : (count - _firstCount + 1) * _stride;
        return _chances.AsSpan(start, end - start);
    }

    /// <summary>For each count, the chance of every number of losses when each instance is lost independently, <c>[counts][degree + 1]</c>: what the chances are conditioned on.</summary>
    public static double[][] Totals(int[] counts, int[] losses)
    {
        double chance = Chance(counts, losses, out int degree);
        return Array.ConvertAll(counts, n => LossPolynomial.Binomial(n, chance, degree));
    }

    /// <summary>Any chance gives the same answer; one in the middle of the losses asked for keeps everything well away from underflow.</summary>
    private static double Chance(int[] counts, int[] losses, out int degree)
    {
        degree = Math.Min(losses[^1], counts[^1]);
        return degree == 0 ? 0 : Math.Min(0.5, degree / (2.0 * counts[^1]));
    }

    private void Record(int allowed, double[] kept, double[][] totals, int[] counts, int[] losses, int pipelines, double chance)
    {
        for (int i = 0; i < counts.Length - _firstCount; i++)
        {
            int count = counts[_firstCount + i];
            for (int n = i == 0 ? count : counts[_firstCount + i - 1]; n < count; n++) LossPolynomial.AddInstance(kept, chance);
            for (int loss = 0; loss < losses.Length; loss++)
            {
                int k = losses[loss];
                if (k > count || allowed > Math.Min(k, pipelines)) continue;
                _chances[(i * _stride) + _lossStart[loss] + allowed] = allowed == Math.Min(k, pipelines) ? 1 : Math.Min(1, kept[k] / totals[_firstCount + i][k]);
            }
        }
    }

    private void ToDifferences(int[] losses, int pipelines, int rows)
    {
        for (int i = 0; i < rows; i++)
        {
            for (int loss = 0; loss < losses.Length; loss++)
            {
                var entry = _chances.AsSpan((i * _stride) + _lossStart[loss], Math.Min(losses[loss], pipelines) + 1);
                for (int d = entry.Length - 1; d > 0; d--) entry[d] = Math.Max(0, entry[d] - entry[d - 1]);
            }
        }
    }
}
