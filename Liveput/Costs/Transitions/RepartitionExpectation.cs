using System.Collections.Concurrent;

namespace Parcae.Liveput.Costs.Transitions;

/// <summary>The transfer that the Parcae artifact charges for a change of depth: the missing layers of the last new stage that still found a survivor.</summary>
/// <remarks>
/// New stages, in order, each take the survivor whose old layers leave the fewest parameters missing, the first of several; each survivor is taken once. Who takes whom hangs on the very instances that are lost, so the
/// expectation enumerates them; where there are more than <see cref="MostPatterns"/> possibilities, the mean of <see cref="Draws"/> drawn from a fixed seed is taken: this term is some hundred milliseconds of an interval, and the
/// only one here that is not exact.
/// </remarks>
internal sealed class RepartitionExpectation(StageSizes stages)
{
    private const int MostPatterns = 640;
    private const int Draws = 1024;

    private readonly ConcurrentDictionary<(int FromDepth, int ToDepth), long[][]> _common = new();
    private readonly ConcurrentDictionary<(Strategy From, int Instances, int Lost), double[]> _expected = new();

    /// <summary>Expected milliseconds when <paramref name="lost"/> of <paramref name="instances"/> are lost at random.</summary>
    public double LastStageMs(Strategy from, int instances, int lost, int toDepth) =>
        _expected.GetOrAdd((from, instances, lost), static (key, self) => self.Expect(key.From, key.Instances, key.Lost), this)[toDepth];

    /// <summary>Milliseconds when these are lost, <c>[N]</c>.</summary>
    public double LastStageMs(Strategy from, ReadOnlySpan<bool> lost, int toDepth)
    {
        var common = _common.GetOrAdd((from.Depth, toDepth), static (key, sizes) =>
            [.. Enumerable.Range(0, key.ToDepth).Select(to => Enumerable.Range(0, key.FromDepth).Select(old => sizes.Common(key.FromDepth, old, key.ToDepth, to)).ToArray())], stages);

        // The first instance of each old stage that is still to be had.
        Span<int> first = stackalloc int[from.Depth];
        for (int s = 0; s < from.Depth; s++) first[s] = Next(s, from, lost);
        double missing = 0;
        for (int to = 0; to < toDepth; to++)
        {
            long most = -1;
            int taken = -1;
            long[] row = common[to];
            for (int s = 0; s < first.Length; s++)
            {
                if (first[s] == int.MaxValue || row[s] < most || (row[s] == most && first[s] > first[taken])) continue;
                (most, taken) = (row[s], s);
            }

            if (taken < 0) break;
            first[taken] = Next(first[taken] + from.Depth, from, lost);
            missing = stages.Parameters(toDepth, to) - most;
        }

        return stages.Ms(missing);
    }

    private static int Next(int instance, Strategy from, ReadOnlySpan<bool> lost)
    {
        for (; instance < from.Instances; instance += from.Depth)
        {
            if (!lost[instance]) return instance;
        }

        return int.MaxValue;
    }

    /// <summary>By new depth.</summary>
    private double[] Expect(Strategy from, int instances, int lost)
    {
        var expected = new double[stages.Bounds.Length];
        var gone = new bool[instances];
        double patterns = Patterns(instances, lost);
        if (patterns <= MostPatterns)
        {
            Enumerate(0, lost);
        }
        else
        {
            patterns = Draws;
            var random = new Random((((((from.Pipelines * 4099) + from.Depth) * 4099) + instances) * 4099) + lost);
            for (int draw = 0; draw < Draws; draw++)
            {
                LossDraw.Draw(lost, random, gone);
                Add();
            }
        }

        for (int depth = 1; depth < expected.Length; depth++) expected[depth] /= patterns;
        return expected;

        void Enumerate(int instance, int remaining)
        {
            if (remaining == 0)
            {
                Add();
                return;
            }

            for (int next = instance; next <= instances - remaining; next++)
            {
                gone[next] = true;
                Enumerate(next + 1, remaining - 1);
                gone[next] = false;
            }
        }

        void Add()
        {
            for (int depth = 1; depth < expected.Length; depth++)
            {
                if (depth != from.Depth) expected[depth] += LastStageMs(from, gone, depth);
            }
        }
    }

    private static double Patterns(int instances, int lost)
    {
        double ways = 1;
        for (int i = 1; i <= Math.Min(lost, instances - lost); i++) ways *= (double)(instances - i + 1) / i;
        return Math.Round(ways);
    }
}
