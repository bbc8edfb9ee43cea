using System.Buffers;
using Parcae.Liveput.Preemption;

namespace Parcae.Liveput.Planning.LookAhead;

/// <summary>Computes the <see cref="SurvivalTable"/>s of all strategies together.</summary>
/// <remarks>
/// Given how many of a strategy's D * P instances are lost, the loss of its worst stage does not depend on how many spares there are: <see cref="WorstStageLosses"/> finds it once for each number, all
/// depths with the same D in one sweep. What k lost of n instances mean for the D * P is hypergeometric, a narrow window of numbers. So a table costs few operations for each (count, loss).
/// </remarks>
internal static class SurvivalTables
{
    /// <summary>Chances below this are left out at either end of a cell; a cell misses less than 1e-12 in all.</summary>
    private const double Negligible = 1e-14;

    /// <summary>A table for each strategy; none for a pause.</summary>
    /// <param name="strategies">In any order.</param>
    /// <param name="counts">Instance counts, ascending.</param>
    /// <param name="losses">Numbers of losses, ascending from 0.</param>
    public static SurvivalTable?[] For(Strategy[] strategies, int[] counts, int[] losses)
    {
        var tables = new SurvivalTable?[strategies.Length];
        var bands = LossBands.Of(counts, losses);
        var groups = Enumerable.Range(0, strategies.Length).Where(s => !strategies[s].IsPause && strategies[s].Instances <= counts[^1])
            .GroupBy(s => strategies[s].Pipelines).OrderByDescending(g => g.Key).Select(g => g.OrderBy(s => strategies[s].Depth).ToArray()).ToArray();

        // Every group writes its own tables: the result does not depend on who computes them.
        Parallel.ForEach(groups, group => Fill(group));
        return tables;

        void Fill(int[] group)
        {
            int pipelines = strategies[group[0]].Pipelines;
            int[] depths = Array.ConvertAll(group, s => strategies[s].Depth);
            var worst = new WorstStageLosses[bands.Count];
            for (int band = 0; band < worst.Length; band++) worst[band] = new WorstStageLosses(pipelines, depths, bands.Chance(band), bands.MostLost(band));
            for (int i = 0; i < group.Length; i++) tables[group[i]] = Table(strategies[group[i]], i, counts, losses, bands, worst);
            foreach (var losses in worst) losses.Return();
        }
    }

    private static SurvivalTable Table(Strategy strategy, int member, int[] counts, int[] losses, LossBands bands, WorstStageLosses[] worst)
    {
        int used = strategy.Instances, first = 0;
        while (counts[first] < used) first++;
        int cells = (counts.Length - first) * losses.Length;
        int[] starts = new int[cells + 1], fewest = new int[cells];
        double[] weights = ArrayPool<double>.Shared.Rent(Math.Min(used, losses[^1]) + 1), row = ArrayPool<double>.Shared.Rent(strategy.Pipelines + 1);
        double[] chances = ArrayPool<double>.Shared.Rent(cells * Math.Min(8, strategy.Pipelines + 1));
        int next = 0;
        for (int cell = 0; cell < cells; cell++)
        {
            int count = first + (cell / losses.Length), loss = cell % losses.Length;
            var found = losses[loss] > counts[count] ? [] : losses[loss] == 0 ? [1.0] : Mixed(count, loss);
            int start = 0, end = found.Length;
            while (start < end && found[start] < Negligible) start++;
            while (end > start && found[end - 1] < Negligible) end--;
            if (next + end - start > chances.Length) Grow();
            found[start..end].CopyTo(chances.AsSpan(next));
            (starts[cell], fewest[cell]) = (next, start);
            next += end - start;
        }

        starts[cells] = next;
        var table = new SurvivalTable(first, losses.Length, starts, fewest, chances[..next]);
        foreach (double[] rented in (double[][])[weights, row, chances]) ArrayPool<double>.Shared.Return(rented);
        return table;

        // The chance of each loss of the worst stage: over how many of the lost instances are the strategy's.
        ReadOnlySpan<double> Mixed(int count, int loss)
        {
            int low = Hypergeometric.Fill(counts[count], used, losses[loss], weights, out int length);
            var sums = worst[bands.Of(count, loss)].AtMost(member, low, weights.AsSpan(low, length), losses[loss], row);
            for (int d = sums.Length - 1; d > 0; d--) sums[d] = Math.Max(0, sums[d] - sums[d - 1]);
            return sums;
        }

        void Grow()
        {
            var larger = ArrayPool<double>.Shared.Rent(chances.Length * 2);
            chances.AsSpan(0, next).CopyTo(larger);
            ArrayPool<double>.Shared.Return(chances);
            chances = larger;
        }
    }
}
