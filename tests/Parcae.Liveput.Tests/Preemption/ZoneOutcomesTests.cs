using System.Numerics;
using CsCheck;
using Parcae.Liveput.Preemption;

namespace Parcae.Liveput.Tests.Preemption;

public sealed class ZoneOutcomesTests
{
    /// <summary>Up to three zones and 11 instances, with replicas wherever there is room.</summary>
    private static readonly Gen<ZoneLayout> Layouts =
        Gen.Select(Gen.Int[1, 3], Gen.Int[1, 3], Gen.Int[0, 4].Array[3], Gen.Int[1, 3], Gen.Int[0, 1000].Array[9]).Select((pipelines, depth, spares, zones, picks) =>
        {
            var replicas = new int[zones][];
            for (int z = 0; z < zones; z++) replicas[z] = new int[depth];
            for (int i = 0; i < pipelines * depth; i++) replicas[picks[i] % zones][i / pipelines]++;
            int left = 11 - (pipelines * depth);
            var instances = new int[zones];
            for (int z = 0; z < zones; z++)
            {
                int extra = Math.Min(left, spares[z]);
                left -= extra;
                instances[z] = replicas[z].Sum() + extra;
            }

            return new ZoneLayout(instances, replicas);
        });

    [Fact]
    public void Losses_in_each_zone_equal_the_enumeration_of_all_subsets() =>
        Gen.Select(Layouts, Gen.Double[0, 1].Array[3]).Sample(
            (layout, shares) =>
            {
                int[] lost = [.. Enumerable.Range(0, layout.Zones).Select(z => (int)Math.Round(shares[z] * layout.Instances(z)))];
                var expected = Enumerated(layout, perZone => perZone.SequenceEqual(lost) ? 1 : 0);
                AssertEqual(expected, ZoneOutcomes.LostInEach(layout, lost));
            },
            iter: 300);

    [Fact]
    public void Losses_over_all_zones_equal_the_enumeration_weighted_by_odds() =>
        Gen.Select(Layouts, Gen.OneOf(Gen.Double[0.05, 4], Gen.Const(0.0), Gen.Const(1.0)).Array[3], Gen.Double[0, 1]).Sample(
            (layout, odds, share) =>
            {
                odds = odds[..layout.Zones];
                int exposed = Enumerable.Range(0, layout.Zones).Where(z => odds[z] > 0).Sum(layout.Instances), lost = (int)Math.Round(share * exposed);
                var expected = Enumerated(layout, perZone => perZone.Sum() != lost ? 0 : perZone.Select((k, z) => Math.Pow(odds[z], k)).Aggregate(1.0, (a, b) => a * b));
                AssertEqual(expected, ZoneOutcomes.LostInAll(layout, lost, odds));
            },
            iter: 300);

    [Fact]
    public void Independent_losses_and_outages_equal_the_enumeration_of_all_subsets() =>
        Gen.Select(Layouts, Gen.OneOf(Gen.Double[0, 1], Gen.Const(0.0), Gen.Const(1.0)).Array[3], Gen.Double[0, 1].Array[3]).Sample(
            (layout, chances, outages) =>
            {
                var risks = Enumerable.Range(0, layout.Zones).Select(z => new ZoneRisk(chances[z], outages[z])).ToArray();
                var expected = Enumerated(layout, perZone => perZone.Select((k, z) => Chance(k, layout.Instances(z), risks[z])).Aggregate(1.0, (a, b) => a * b));
                AssertEqual(expected, ZoneOutcomes.LostIndependently(layout, risks));
            },
            iter: 300);

    [Fact]
    public void One_zone_is_as_no_zones() =>
        Gen.Select(Gen.Int[1, 24], Gen.Int[1, 24], Gen.Int[0, 40], Gen.Double[0, 1]).Sample(
            (pipelines, depth, spares, share) =>
            {
                int instances = (pipelines * depth) + spares, lost = (int)(share * instances);
                var layout = ZoneLayout.Balanced(new Strategy(pipelines, depth), [instances]);
                var expected = PreemptionOutcomes.SurvivingPipelines(pipelines, depth, instances, lost);
                Assert.All(ZoneOutcomes.LostInEach(layout, [lost]).SurvivingPipelines.Zip(expected), p => Assert.Equal(p.Second, p.First, 1e-11));
                Assert.All(ZoneOutcomes.LostInAll(layout, lost).SurvivingPipelines.Zip(expected), p => Assert.Equal(p.Second, p.First, 1e-11));
                Assert.Equal(
                    PreemptionOutcomes.ExpectedDeficit(pipelines, depth, instances, lost, pipelines), ZoneOutcomes.LostInEach(layout, [lost]).ExpectedDeficit(pipelines), 1e-9 * instances);
            },
            iter: 60);

    [Fact]
    public void Equal_odds_are_as_no_zones()
    {
        var layout = ZoneLayout.Balanced(new Strategy(9, 40), [200, 120, 80]);
        var expected = PreemptionOutcomes.SurvivingPipelines(9, 40, 400, 60);
        Assert.All(ZoneOutcomes.LostInAll(layout, 60, [7, 7, 7]).SurvivingPipelines.Zip(expected), p => Assert.Equal(p.Second, p.First, 1e-12));
    }

    [Fact]
    public void A_thousand_instances_in_three_zones_agree_with_a_sampler()
    {
        int[] instances = [400, 320, 300], lost = [25, 60, 4];
        var layout = ZoneLayout.Balanced(new Strategy(12, 80), instances);
        var exact = ZoneOutcomes.LostInEach(layout, lost);
        Assert.Equal(1, exact.SurvivingPipelines.Sum(), 1e-12);
        const int Draws = 20_000;
        var seen = Sampled(layout, lost, Draws, new Random(7));
        for (int kept = 0; kept <= 12; kept++)
        {
            double p = exact.SurvivingPipelines[kept];
            Assert.Equal(p, seen[kept], (5 * Math.Sqrt(p * (1 - p) / Draws)) + 1e-3);
        }
    }

    [Fact]
    public void Spreading_over_zones_survives_an_outage_that_one_zone_does_not()
    {
        ZoneRisk[] risks = [new(0.01, 0.1), new(0.01), new(0.01)];
        var spread = ZoneOutcomes.LostIndependently(ZoneLayout.Balanced(new Strategy(3, 4), [4, 4, 4]), risks);
        var together = ZoneOutcomes.LostIndependently(new ZoneLayout([4, 4, 4], [[3, 1, 0, 0], [0, 2, 2, 0], [0, 0, 1, 3]]), risks);
        Assert.InRange(spread.ExpectedLostStages, 0, 1e-3);
        Assert.InRange(together.ExpectedLostStages, 0.1, 0.11);
        Assert.True(spread.EveryStageKeeps(1) > together.EveryStageKeeps(1));
    }

    [Fact]
    public void A_balanced_layout_spreads_every_stage_over_the_zones_that_have_room()
    {
        var layout = ZoneLayout.Balanced(new Strategy(2, 8), [8, 4, 5]);
        for (int stage = 0; stage < 8; stage++) Assert.All(Enumerable.Range(0, 3), zone => Assert.InRange(layout.Replicas(zone, stage), 0, 1));
        Assert.Equal(1, Enumerable.Range(0, 3).Sum(layout.Spares));
        Assert.Equal((17, 2, 8, 3), (layout.TotalInstances, layout.Pipelines, layout.Depth, layout.Zones));
    }

    [Fact]
    public void Wrong_layouts_and_losses_are_refused_with_the_numbers()
    {
        Assert.Contains("serves stages with 3 instances; it has only 2", Assert.Throws<ArgumentException>(() => new ZoneLayout([2], [[1, 2]])).Message, StringComparison.Ordinal);
        Assert.Contains("Stage 1 has 1 replicas, stage 0 2", Assert.Throws<ArgumentException>(() => new ZoneLayout([3], [[2, 1]])).Message, StringComparison.Ordinal);
        Assert.Contains("2 x 3 cannot be dealt to 5", Assert.Throws<ArgumentException>(() => ZoneLayout.Balanced(new Strategy(2, 3), [2, 3])).Message, StringComparison.Ordinal);
        var layout = ZoneLayout.Balanced(new Strategy(2, 2), [2, 3]);
        Assert.Contains("Zone 1 loses 4 instances; it must be 0 to 3", Assert.Throws<ArgumentException>(() => ZoneOutcomes.LostInEach(layout, [0, 4])).Message, StringComparison.Ordinal);
        Assert.Contains("must be 0 to 2", Assert.Throws<ArgumentException>(() => ZoneOutcomes.LostInAll(layout, 3, [1, 0])).Message, StringComparison.Ordinal);
        Assert.Contains("at least 0 and finite", Assert.Throws<ArgumentException>(() => ZoneOutcomes.LostInAll(layout, 3, [1, -1])).Message, StringComparison.Ordinal);
        Assert.Throws<ArgumentException>(() => ZoneOutcomes.LostIndependently(layout, [new(0.1), new(2)]));
        int[] many = [.. Enumerable.Repeat(512, 8)];
        Assert.Contains("operations", Assert.Throws<ArgumentException>(() => ZoneOutcomes.LostInEach(ZoneLayout.Balanced(new Strategy(64, 64), many), [.. Enumerable.Repeat(200, 8)])).Message, StringComparison.Ordinal);
    }

    private static double Chance(int lost, int instances, ZoneRisk risk) =>
        ((1 - risk.OutageChance) * Math.Pow(risk.LossChance, lost) * Math.Pow(1 - risk.LossChance, instances - lost)) + (lost == instances ? risk.OutageChance : 0);

    private static void AssertEqual((double[] Surviving, double[][] Stages) expected, Remains actual)
    {
        Assert.All(expected.Surviving.Zip(actual.SurvivingPipelines), p => Assert.Equal(p.First, p.Second, 1e-12));
        for (int stage = 0; stage < expected.Stages.Length; stage++) Assert.All(expected.Stages[stage].Zip(actual.StageLosses[stage]), p => Assert.Equal(p.First, p.Second, 1e-12));
        for (int wanted = 0; wanted <= expected.Surviving.Length; wanted++)
        {
            double deficit = expected.Stages.Sum(s => s.Select((p, j) => p * Math.Max(0, wanted - (s.Length - 1 - j))).Sum());
            Assert.Equal(deficit, actual.ExpectedDeficit(wanted), 1e-11);
        }
    }

    /// <summary>All subsets, weighted by a function of how many each zone loses.</summary>
    private static (double[] Surviving, double[][] Stages) Enumerated(ZoneLayout layout, Func<int[], double> weight)
    {
        // Each instance: its zone, and its stage or -1.
        var instances = (from zone in Enumerable.Range(0, layout.Zones)
                         from stage in Enumerable.Range(-1, layout.Depth + 1)
                         from copy in Enumerable.Range(0, stage < 0 ? layout.Spares(zone) : layout.Replicas(zone, stage))
                         select (zone, stage)).ToArray();
        var surviving = new double[layout.Pipelines + 1];
        double[][] stages = [.. Enumerable.Range(0, layout.Depth).Select(_ => new double[layout.Pipelines + 1])];
        double total = 0;
        for (uint subset = 0; subset < 1u << instances.Length; subset++)
        {
            var perZone = new int[layout.Zones];
            var perStage = new int[layout.Depth];
            for (uint rest = subset; rest != 0; rest &= rest - 1)
            {
                var (zone, stage) = instances[BitOperations.TrailingZeroCount(rest)];
                perZone[zone]++;
                if (stage >= 0) perStage[stage]++;
            }

            double w = weight(perZone);
            total += w;
            surviving[layout.Pipelines - perStage.Max()] += w;
            for (int stage = 0; stage < perStage.Length; stage++) stages[stage][perStage[stage]] += w;
        }

        return ([.. surviving.Select(w => w / total)], [.. stages.Select(s => s.Select(w => w / total).ToArray())]);
    }

    private static double[] Sampled(ZoneLayout layout, int[] lost, int draws, Random random)
    {
        var seen = new double[layout.Pipelines + 1];
        int[][] stageOf = [.. Enumerable.Range(0, layout.Zones).Select(z => Enumerable.Range(-1, layout.Depth + 1)
            .SelectMany(s => Enumerable.Repeat(s, s < 0 ? layout.Spares(z) : layout.Replicas(z, s))).ToArray())];
        for (int draw = 0; draw < draws; draw++)
        {
            var left = Enumerable.Repeat(layout.Pipelines, layout.Depth).ToArray();
            for (int zone = 0; zone < lost.Length; zone++)
            {
                int[] order = stageOf[zone];
                for (int i = 0; i < lost[zone]; i++)
                {
                    int j = random.Next(i, order.Length);
                    (order[i], order[j]) = (order[j], order[i]);
                    if (order[i] >= 0) left[order[i]]--;
                }
            }

            seen[left.Min()] += 1.0 / draws;
        }

        return seen;
    }
}
