using System.Numerics;
using CsCheck;
using Parcae.Liveput.Planning;
using Parcae.Liveput.Planning.LookAhead;
using Parcae.Liveput.Preemption;

namespace Parcae.Liveput.Tests.Preemption;

public sealed class PreemptionOutcomesTests
{
    [Fact]
    public void Every_probability_equals_the_enumeration_of_all_subsets()
    {
        for (int instances = 1; instances <= 10; instances++)
        {
            for (int pipelines = 1; pipelines <= instances; pipelines++)
            {
                for (int depth = 1; pipelines * depth <= instances; depth++) Compare(pipelines, depth, instances);
            }
        }

        static void Compare(int pipelines, int depth, int instances)
        {
            for (int lost = 0; lost <= instances; lost++)
            {
                var expected = Enumerated(pipelines, depth, instances, lost);
                var actual = PreemptionOutcomes.SurvivingPipelines(pipelines, depth, instances, lost);
                Assert.Equal(pipelines + 1, actual.Length);
                for (int kept = 0; kept <= pipelines; kept++)
                {
                    Assert.Equal(expected[kept], actual[kept], 1e-13);
                    double atLeast = expected[kept..].Sum();
                    Assert.Equal(atLeast, PreemptionOutcomes.EveryStageKeeps(pipelines, depth, instances, lost, kept), 1e-13);
                }
            }
        }
    }

    [Theory]
    [InlineData(4, 8, 32, 3)]
    [InlineData(5, 6, 32, 7)]
    [InlineData(9, 10, 100, 15)]
    [InlineData(16, 250, 4096, 300)]
    [InlineData(250, 16, 4096, 3000)]
    public void A_sampler_agrees_within_its_noise(int pipelines, int depth, int instances, int lost)
    {
        int Draws = 3_000_000 / Math.Max(30, lost);
        var random = new Random(20_24);
        var seen = new double[pipelines + 1];
        var order = Enumerable.Range(0, instances).ToArray();
        for (int draw = 0; draw < Draws; draw++)
        {
            var left = Enumerable.Repeat(pipelines, depth).ToArray();
            for (int i = 0; i < lost; i++)
            {
                int j = random.Next(i, instances);
                (order[i], order[j]) = (order[j], order[i]);
                if (order[i] < pipelines * depth) left[order[i] % depth]--;
            }

            seen[left.Min()] += 1.0 / Draws;
        }

        var exact = PreemptionOutcomes.SurvivingPipelines(pipelines, depth, instances, lost);
        for (int kept = 0; kept <= pipelines; kept++)
        {
            Assert.Equal(exact[kept], seen[kept], (5 * Math.Sqrt(exact[kept] * (1 - exact[kept]) / Draws)) + 1e-4);
        }
    }

    [Fact]
    public void A_thousand_instances_neither_overflow_nor_lose_mass() =>
        Gen.Select(Gen.Int[1, 32], Gen.Int[1, 32], Gen.Int[0, 64], Gen.Double[0, 1]).Sample(
            (pipelines, depth, spares, share) =>
            {
                int instances = (pipelines * depth) + spares;
                var chances = PreemptionOutcomes.SurvivingPipelines(pipelines, depth, instances, (int)(share * instances));
                Assert.All(chances, p => Assert.InRange(p, 0, 1));
                Assert.Equal(1, chances.Sum(), 1e-9);
            },
            iter: 60);

    [Fact]
    public void Sixteen_pipelines_of_64_stages_match_whole_number_arithmetic()
    {
        const int Pipelines = 16, Depth = 64, Instances = 1024 + 10, Lost = 40;
        foreach (int kept in (int[])[10, 12, 13, 14])
        {
            double exact = Exact(Pipelines, Depth, Instances, Lost, kept);
            Assert.Equal(exact, PreemptionOutcomes.EveryStageKeeps(Pipelines, Depth, Instances, Lost, kept), exact * 1e-11);
        }
    }

    [Fact]
    public void A_planning_table_holds_the_same_chances()
    {
        int[] counts = [.. Enumerable.Range(9, 12)], losses = [0, 1, 2, 3, 5, 9];
        foreach (var strategy in (Strategy[])[new(1, 5), new(2, 5), new(5, 2), new(12, 1), new(3, 3)])
        {
            var table = SurvivalTables.For([strategy], counts, losses)[0]!;
            for (int n = 0; n < counts.Length; n++)
            {
                if (counts[n] < strategy.Instances) continue;
                for (int loss = 0; loss < losses.Length; loss++)
                {
                    var expected = PreemptionOutcomes.SurvivingPipelines(strategy.Pipelines, strategy.Depth, counts[n], losses[loss]);
                    var actual = table.Chances(n, loss, out int fewest);
                    for (int broken = 0; broken <= strategy.Pipelines; broken++)
                    {
                        double chance = broken >= fewest && broken < fewest + actual.Length ? actual[broken - fewest] : 0;
                        Assert.Equal(expected[strategy.Pipelines - broken], chance, 1e-12);
                    }
                }
            }
        }
    }

    [Fact]
    public void A_spare_raises_liveput()
    {
        var profile = Samples.Table(8, (1, 2, 10), (2, 2, 18));
        double[] lost = [0.5, 0.5];
        double tight = PreemptionOutcomes.Liveput(profile, new Strategy(2, 2), 4, lost), loose = PreemptionOutcomes.Liveput(profile, new Strategy(2, 2), 5, lost);
        Assert.Equal((0.5 * 18) + (0.5 * 10), tight, 1e-12);
        Assert.Equal((0.5 * 18) + (0.5 * ((0.2 * 18) + (0.8 * 10))), loose, 1e-12);
    }

    [Theory]
    [InlineData(0, 1, 4, 1)]
    [InlineData(1, 0, 4, 1)]
    [InlineData(2, 3, 5, 1)]
    [InlineData(2, 2, 4, 5)]
    [InlineData(2, 2, 4, -1)]
    public void Impossible_questions_are_refused(int pipelines, int depth, int instances, int lost) =>
        Assert.Throws<ArgumentOutOfRangeException>(() => PreemptionOutcomes.SurvivingPipelines(pipelines, depth, instances, lost));

    /// <summary>The distribution over all subsets of <paramref name="lost"/> instances; instance j under D * P serves stage j mod P.</summary>
    internal static double[] Enumerated(int pipelines, int depth, int instances, int lost)
    {
        var counts = new double[pipelines + 1];
        int subsets = 0;
        for (uint subset = 0; subset < 1u << instances; subset++)
        {
            if (BitOperations.PopCount(subset) != lost) continue;
            subsets++;
            int worst = pipelines;
            for (int stage = 0; stage < depth; stage++)
            {
                int kept = 0;
                for (int j = stage; j < pipelines * depth; j += depth) kept += (subset >> j & 1) == 0 ? 1 : 0;
                worst = Math.Min(worst, kept);
            }

            counts[worst]++;
        }

        return Array.ConvertAll(counts, c => c / subsets);
    }

    private static double Exact(int pipelines, int depth, int instances, int lost, int kept)
    {
        BigInteger[] product = [1, .. new BigInteger[lost]];
        for (int stage = 0; stage < depth; stage++) product = Times(product, Row(pipelines, pipelines - kept));
        product = Times(product, Row(instances - (pipelines * depth), lost));
        return Math.Exp(BigInteger.Log(product[lost]) - BigInteger.Log(Row(instances, lost)[lost]));

        BigInteger[] Row(int n, int most)
        {
            var row = new BigInteger[lost + 1];
            row[0] = 1;
            for (int j = 1; j <= Math.Min(most, lost); j++) row[j] = row[j - 1] * (n - j + 1) / j;
            return row;
        }

        BigInteger[] Times(BigInteger[] a, BigInteger[] b)
        {
            var c = new BigInteger[lost + 1];
            for (int i = 0; i <= lost; i++)
            {
                for (int j = 0; j <= lost - i; j++) c[i + j] += a[i] * b[j];
            }

            return c;
        }
    }
}
