namespace Parcae.Liveput.Preemption;

/// <summary>What may happen to a zone in an interval, independently of the other zones.</summary>
/// <param name="LossChance">That an instance is lost, each by itself, where the zone stays up; 0 .. 1.</param>
/// <param name="OutageChance">That the whole zone is lost; 0 .. 1.</param>
public readonly record struct ZoneRisk(double LossChance, double OutageChance = 0);

/// <summary>Exact probabilities of what remains where the replicas of a stage lie in several zones.</summary>
/// <remarks>
/// Zones multiply: each has its own variable x_z in the generating function, prod_z (1 + x_z)^(spares of z) prod_s sum over losses j_z with sum_z j_z at most a of prod_z C(U_{z,s}, j_z) x_z^{j_z}; its
/// coefficient at the losses of every zone, over prod_z C(N_z, k_z), is the chance that no stage loses more than a. Which of these ways to lose instances applies is the caller's to say.
/// </remarks>
public static class ZoneOutcomes
{
    private const int MaxRiskyZones = 16;

    /// <summary>So many are lost in each zone, uniformly at random within it.</summary>
    /// <remarks>Exact up to rounding (about 1e-12) in O(prod_z min(N_z, 9 sigma_z + 30) * kinds of stages * (D² + D log P)) operations, sigma_z = sqrt(k_z (N_z - k_z) / N_z): a hundred instances in five zones, or a thousand in three.</remarks>
    /// <param name="layout">Where the replicas are.</param>
    /// <param name="lost">k_z, <c>[zones]</c>, each 0 .. N_z.</param>
    /// <exception cref="ArgumentException">A number is out of range, or there are too many zones for an exact answer.</exception>
    public static Remains LostInEach(ZoneLayout layout, IReadOnlyList<int> lost)
    {
        ArgumentNullException.ThrowIfNull(layout);
        ArgumentNullException.ThrowIfNull(lost);
        CheckCount(layout, lost.Count, nameof(lost));
        for (int zone = 0; zone < layout.Zones; zone++)
        {
            if (lost[zone] < 0 || lost[zone] > layout.Instances(zone))
            {
                throw new ArgumentException($"Zone {zone} loses {lost[zone]} instances; it must be 0 to {layout.Instances(zone)}.", nameof(lost));
            }
        }

        var draws = Enumerable.Range(0, layout.Zones).Select(z => ZoneDraw.Uniform(layout, z, lost[z])).ToArray();
        var losses = Stages(layout, stage => Product(layout, z => new LossPolynomial(0, Hypergeometric.All(layout.Instances(z), layout.Replicas(z, stage), lost[z]))));
        return new Remains(new CoupledZones(layout, draws).SurvivingPipelines(losses), losses);
    }

    /// <summary>So many are lost over all zones; each way to lose them is as likely as the product of the lost instances' odds (Fisher's noncentral hypergeometric distribution).</summary>
    /// <remarks>One variable for all zones, x scaled by the zone's odds: exact up to rounding in O(sigma * kinds of stages * (D² + D log P)) operations for any number of zones.</remarks>
    /// <param name="layout">Where the replicas are.</param>
    /// <param name="lost">k, over all zones.</param>
    /// <param name="odds">Odds of an instance of each zone to be lost, at least 0, of which only the ratios matter, <c>[zones]</c>; null: all the same, as without zones.</param>
    /// <exception cref="ArgumentException">A number is out of range.</exception>
    public static Remains LostInAll(ZoneLayout layout, int lost, IReadOnlyList<double>? odds = null)
    {
        ArgumentNullException.ThrowIfNull(layout);
        odds ??= [.. Enumerable.Repeat(1.0, layout.Zones)];
        CheckCount(layout, odds.Count, nameof(odds));
        if (odds.FirstOrDefault(o => !(o >= 0) || !double.IsFinite(o), 0) is var wrong && wrong != 0) throw new ArgumentException($"The odds of a zone are {wrong}; they must be at least 0 and finite.", nameof(odds));
        int exposed = Enumerable.Range(0, layout.Zones).Where(z => odds[z] > 0).Sum(layout.Instances);
        if (lost < 0 || lost > exposed) throw new ArgumentException($"{lost} instances are lost; it must be 0 to {exposed}, those in zones with odds above 0.", nameof(lost));
        var draw = ZoneDraw.Weighted(layout, lost, odds);
        var losses = Stages(layout, stage => draw.StageLosses(layout, stage));
        return new Remains(new CoupledZones(layout, [draw]).SurvivingPipelines(losses), losses);
    }

    /// <summary>Every instance is lost or not by itself, with its zone's chance, and whole zones may fail.</summary>
    /// <remarks>Given which zones fail, stages are independent: exact in O(2^(zones that may fail) * stages * D²) operations.</remarks>
    /// <param name="layout">Where the replicas are.</param>
    /// <param name="risks">What may happen to each zone, <c>[zones]</c>; at most 16 of them may fail.</param>
    /// <exception cref="ArgumentException">A chance is out of range.</exception>
    public static Remains LostIndependently(ZoneLayout layout, IReadOnlyList<ZoneRisk> risks)
    {
        ArgumentNullException.ThrowIfNull(layout);
        ArgumentNullException.ThrowIfNull(risks);
        CheckCount(layout, risks.Count, nameof(risks));
        foreach (var risk in risks)
        {
            if (!(risk.LossChance is >= 0 and <= 1) || !(risk.OutageChance is >= 0 and <= 1)) throw new ArgumentException($"{risk} is not valid; chances must be in [0, 1].", nameof(risks));
        }

        int[] failing = [.. Enumerable.Range(0, layout.Zones).Where(z => risks[z].OutageChance > 0)];
        if (failing.Length > MaxRiskyZones) throw new ArgumentException($"{failing.Length} zones may fail; at most {MaxRiskyZones} may.", nameof(risks));
        var surviving = new double[layout.Pipelines + 1];
        var losses = Stages(layout, _ => new double[layout.Pipelines + 1]);
        for (int failed = 0; failed < 1 << failing.Length; failed++)
        {
            double chance = 1;
            var down = new bool[layout.Zones];
            for (int i = 0; i < failing.Length; i++)
            {
                down[failing[i]] = (failed >> i & 1) != 0;
                chance *= down[failing[i]] ? risks[failing[i]].OutageChance : 1 - risks[failing[i]].OutageChance;
            }

            if (chance > 0) Add(layout, risks, down, chance, surviving, losses);
        }

        return new Remains(surviving, losses);
    }

    private static void Add(ZoneLayout layout, IReadOnlyList<ZoneRisk> risks, bool[] down, double chance, double[] surviving, double[][] losses)
    {
        // The chance that every stage loses at most a is a product over the stages.
        var atMost = new double[layout.Pipelines + 1];
        Array.Fill(atMost, 1);
        for (int stage = 0; stage < layout.Depth; stage++)
        {
            var lost = Product(layout, z => LossPolynomial.Binomial(layout.Replicas(z, stage), down[z] ? 1 : risks[z].LossChance));
            double sum = 0;
            for (int j = 0; j < lost.Length; j++)
            {
                losses[stage][j] += chance * lost[j];
                atMost[j] *= Math.Min(1, sum += lost[j]);
            }
        }

        for (int j = 0; j < atMost.Length; j++) surviving[layout.Pipelines - j] += chance * (atMost[j] - (j > 0 ? atMost[j - 1] : 0));
    }

    private static double[][] Stages(ZoneLayout layout, Func<int, double[]> losses) => [.. Enumerable.Range(0, layout.Depth).Select(losses)];

    /// <summary>The chance of each number of replicas that a stage loses in all zones together, <c>[0 .. D]</c>.</summary>
    private static double[] Product(ZoneLayout layout, Func<int, LossPolynomial> zone)
    {
        var all = LossPolynomial.One;
        for (int z = 0; z < layout.Zones; z++) all = all.Times(zone(z), 0, layout.Pipelines);
        return all.Coefficients(layout.Pipelines);
    }

    private static void CheckCount(ZoneLayout layout, int count, string name)
    {
        if (count != layout.Zones) throw new ArgumentException($"{count} zones are given; the layout has {layout.Zones}.", name);
    }
}
