using System.Numerics;
using CsCheck;
using Parcae.Liveput.Planning;
using Parcae.Liveput.Planning.LookAhead;
using Parcae.Liveput.Preemption;

namespace Parcae.Liveput.Tests.Preemption;

/// <summary>Up to 4,096 instances, at the corners where scaled probabilities would run out.</summary>
public sealed class LargeFleetTests
{
    private const int Fleet = 4096;

    private static readonly Gen<(int Pipelines, int Depth, int Instances, int Lost)> Questions =
        Gen.Select(Gen.Double[0, Math.Log(Fleet)], Gen.Double[0, 1], Gen.Double[0, 1], Gen.OneOf(Gen.Double[0, 1], Gen.Double[0, 0.01], Gen.Double[0.99, 1])).Select((p, d, n, share) =>
        {
            int depth = (int)Math.Exp(p), pipelines = Math.Max(1, (int)Math.Exp(d * Math.Log((double)Fleet / depth))), used = depth * pipelines;
            int instances = used + (int)(n * n * n * (Fleet - used));
            return (pipelines, depth, instances, (int)Math.Round(share * instances));
        });

    [Fact]
    public void Probabilities_sum_to_1_and_keep_the_mean_in_its_bounds() =>
        Questions.Sample(
            q =>
            {
                var chances = PreemptionOutcomes.SurvivingPipelines(q.Pipelines, q.Depth, q.Instances, q.Lost);
                Assert.All(chances, p => Assert.InRange(p, 0, 1));
                Assert.Equal(1, chances.Sum(), 1e-12);

                // The worst stage keeps no more than the mean of all; and not less than were there to lose.
                double mean = chances.Select((p, kept) => p * kept).Sum();
                Assert.InRange(mean, 0, (q.Pipelines * (1 - ((double)q.Lost / q.Instances))) + 1e-9);
                for (int kept = 0; kept < q.Pipelines - q.Lost; kept++) Assert.Equal(0, chances[kept]);
                var losses = PreemptionOutcomes.StageLosses(q.Pipelines, q.Instances, q.Lost);
                Assert.Equal(1, losses.Sum(), 1e-12);
                Assert.Equal((double)q.Pipelines * q.Lost / q.Instances, losses.Select((p, j) => p * j).Sum(), 1e-10 * q.Pipelines);
            },
            iter: 400);

    [Fact]
    public void The_chance_falls_with_every_loss_and_with_every_replica_asked_for() =>
        Gen.Select(Questions, Gen.Double[0, 1]).Sample(
            (q, share) =>
            {
                int kept = (int)(share * q.Pipelines);
                double chance = PreemptionOutcomes.EveryStageKeeps(q.Pipelines, q.Depth, q.Instances, q.Lost, kept);
                if (q.Lost < q.Instances) Assert.True(PreemptionOutcomes.EveryStageKeeps(q.Pipelines, q.Depth, q.Instances, q.Lost + 1, kept) <= chance + 1e-12);
                if (kept < q.Pipelines) Assert.True(PreemptionOutcomes.EveryStageKeeps(q.Pipelines, q.Depth, q.Instances, q.Lost, kept + 1) <= chance + 1e-12);
                if (q.Instances < Fleet) Assert.True(PreemptionOutcomes.EveryStageKeeps(q.Pipelines, q.Depth, q.Instances + 1, q.Lost, kept) >= chance - 1e-12);
            },
            iter: 300);

    [Theory]
    [InlineData(1, 4000, 4096, 3, 1)]
    [InlineData(64, 64, 4096, 9, 60)]
    [InlineData(64, 64, 4096, 40, 60)]
    [InlineData(2, 2000, 4096, 50, 1)]
    [InlineData(2, 2, 4096, 4089, 1)]
    [InlineData(2, 3, 4096, 4080, 1)]
    [InlineData(2048, 2, 4096, 4086, 1)]
    [InlineData(700, 5, 3600, 3580, 2)]
    [InlineData(64, 8, 512, 300, 20)]
    [InlineData(8, 64, 520, 260, 1)]
    public void Whole_number_arithmetic_agrees(int pipelines, int depth, int instances, int lost, int kept)
    {
        double exact = Exact(pipelines, depth, instances, lost, kept);
        Assert.InRange(exact, 1e-15, 1 - 1e-15);
        Assert.Equal(exact, PreemptionOutcomes.EveryStageKeeps(pipelines, depth, instances, lost, kept), (1e-11 * exact) + 1e-16);
    }

    [Fact]
    public void The_corners_are_certain()
    {
        Assert.Equal(1, PreemptionOutcomes.SurvivingPipelines(Fleet, 1, Fleet, 1000)[Fleet - 1000], 1e-12);
        Assert.Equal(1, PreemptionOutcomes.SurvivingPipelines(1, Fleet, Fleet, 1)[0], 1e-12);
        Assert.Equal(1, PreemptionOutcomes.SurvivingPipelines(64, 64, Fleet, Fleet)[0], 1e-12);
        Assert.Equal(1, PreemptionOutcomes.SurvivingPipelines(64, 64, Fleet, Fleet - 63)[0], 1e-12);
        Assert.Equal(1, PreemptionOutcomes.SurvivingPipelines(64, 64, Fleet, 0)[64], 1e-12);
        Assert.Equal(64, PreemptionOutcomes.ExpectedLostStages(64, 64, Fleet, Fleet), 1e-12);
        for (int lost = 0; lost <= Fleet; lost += 128)
        {
            Assert.Equal(1 - ((double)lost / Fleet), PreemptionOutcomes.EveryStageKeeps(1, 1, Fleet, lost, 1), 1e-13);
            Assert.Equal((1 - ((double)lost / Fleet)) * (1 - ((double)lost / (Fleet - 1))), PreemptionOutcomes.EveryStageKeeps(1, 2, Fleet, lost, 1), 1e-13);
        }
    }

    [Fact]
    public void A_planning_table_holds_every_loss_of_a_large_fleet()
    {
        int[] counts = [20, 400, 2000, Fleet], losses = [0, 1, 7, 300, 1500, 2600, 4000, Fleet];
        Strategy[] strategies = [new(3, 5), new(20, 16), new(1, 300), new(50, 40), new(40, 100), new(2, 1000)];
        var tables = SurvivalTables.For(strategies, counts, losses);
        for (int s = 0; s < strategies.Length; s++)
        {
            var (pipelines, depth) = strategies[s];
            for (int n = Array.FindIndex(counts, c => c >= pipelines * depth); n < counts.Length; n++)
            {
                for (int loss = 0; loss < losses.Length; loss++)
                {
                    var actual = tables[s]!.Chances(n, loss, out int fewest);
                    if (losses[loss] > counts[n])
                    {
                        Assert.Equal(0, actual.Length);
                        continue;
                    }

                    var expected = PreemptionOutcomes.SurvivingPipelines(pipelines, depth, counts[n], losses[loss]);
                    for (int broken = 0; broken <= pipelines; broken++)
                    {
                        double chance = broken >= fewest && broken < fewest + actual.Length ? actual[broken - fewest] : 0;
                        Assert.Equal(expected[pipelines - broken], chance, 1e-11);
                    }
                }
            }
        }
    }

    [Fact]
    public void Expectations_are_sums_over_the_distribution_of_a_stage()
    {
        // 2 x 3 of 8, 3 lost: a stage loses both of its replicas in C(6,1) of C(8,3) ways, exactly one in 2 C(6,2).
        double both = 6.0 / 56, one = 30.0 / 56;
        Assert.Equal(3 * both, PreemptionOutcomes.ExpectedLostStages(2, 3, 8, 3), 1e-14);
        Assert.Equal(3 * ((2 * both) + one), PreemptionOutcomes.ExpectedDeficit(2, 3, 8, 3, 2), 1e-14);
        Assert.Equal(3 * both, PreemptionOutcomes.ExpectedDeficit(2, 3, 8, 3, 1), 1e-14);
        Assert.Equal(3 * ((3 * both) + (2 * one) + (1 - both - one)), PreemptionOutcomes.ExpectedDeficit(2, 3, 8, 3, 3), 1e-14);
        double[] mixed = PreemptionOutcomes.SurvivingPipelines(2, 3, 8, [0.25, 0, 0, 0.75]);
        Assert.Equal(0.25 + (0.75 * PreemptionOutcomes.EveryStageKeeps(2, 3, 8, 3, 2)), mixed[2], 1e-14);
    }

    /// <summary>With whole numbers; counts survivors where they are fewer than the lost.</summary>
    private static double Exact(int pipelines, int depth, int instances, int lost, int kept)
    {
        int degree = Math.Min(lost, instances - lost);
        bool losses = degree == lost;
        BigInteger[] product = [1, .. new BigInteger[degree]];
        for (int stage = 0; stage < depth; stage++) product = Times(product, losses ? Row(pipelines, 0, pipelines - kept) : Row(pipelines, kept, pipelines));
        product = Times(product, Row(instances - (pipelines * depth), 0, degree));
        return Math.Exp(BigInteger.Log(product[degree]) - BigInteger.Log(Row(instances, 0, degree)[degree]));

        BigInteger[] Row(int n, int least, int most)
        {
            var row = new BigInteger[degree + 1];
            var value = BigInteger.One;
            for (int j = 0; j <= Math.Min(most, degree); j++)
            {
                if (j >= least) row[j] = value;
                value = value * (n - j) / (j + 1);
            }

            return row;
        }

        BigInteger[] Times(BigInteger[] left, BigInteger[] right)
        {
            var result = new BigInteger[degree + 1];
            for (int i = 0; i <= degree; i++)
            {
                if (left[i].IsZero) continue;
                for (int j = 0; i + j <= degree; j++)
                {
                    if (!right[j].IsZero) result[i + j] += left[i] * right[j];
                }
            }

            return result;
        }
    }
}
