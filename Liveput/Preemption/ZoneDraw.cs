namespace Parcae.Liveput.Preemption;

/// <summary>So many instances lost from some zones: as likely as independent losses with a chance for each zone, given their number.</summary>
internal sealed class ZoneDraw
{
    private readonly int[] _zones;
    private readonly double[] _chances;

    private ZoneDraw(ZoneLayout layout, int[] zones, double[] chances, int lost)
    {
        (_zones, _chances, Lost) = (zones, chances, lost);
        double variance = 0;
        int instances = 0;
        var number = LossPolynomial.One;
        for (int i = 0; i < zones.Length; i++)
        {
            int count = layout.Instances(zones[i]);
            instances += count;
            variance += count * chances[i] * (1 - chances[i]);
            number = number.Times(LossPolynomial.Binomial(count, chances[i]), 0, lost);
        }

        ChanceOfLost = number[lost];

        // So many points of the unit circle read off the coefficient: its aliases, that far away, have less than 1e-18 (Bernstein's inequality).
        const double Digits = 41.5;
        Points = variance == 0 ? 1 : (int)Math.Min(instances + 1, Math.Ceiling((Digits / 3) + Math.Sqrt((Digits * Digits / 9) + (2 * Digits * variance))));
    }

    /// <summary>The zones.</summary>
    public ReadOnlySpan<int> Zones => _zones;

    /// <summary>How many are lost.</summary>
    public int Lost { get; }

    /// <summary>The chance that independent losses are so many.</summary>
    public double ChanceOfLost { get; }

    /// <summary>How many points of the unit circle are needed to read the coefficient of x^lost off.</summary>
    public int Points { get; }

    /// <summary>The chance of an independent loss in the zone at an index of <see cref="Zones"/>.</summary>
    public double Chance(int index) => _chances[index];

    /// <summary>Lost from one zone, each instance as likely as any other.</summary>
    public static ZoneDraw Uniform(ZoneLayout layout, int zone, int lost) =>
        new(layout, [zone], [layout.Instances(zone) == 0 ? 0 : (double)lost / layout.Instances(zone)], lost);

    /// <summary>Lost from all zones, each instance with its zone's odds.</summary>
    public static ZoneDraw Weighted(ZoneLayout layout, int lost, IReadOnlyList<double> odds)
    {
        int[] zones = [.. Enumerable.Range(0, layout.Zones)];
        int exposed = zones.Where(z => odds[z] > 0).Sum(layout.Instances);
        if (lost == exposed) return new ZoneDraw(layout, zones, [.. odds.Select(o => o > 0 ? 1.0 : 0.0)], lost);
        if (lost == 0) return new ZoneDraw(layout, zones, new double[zones.Length], lost);

        // Any common scale of the odds gives the same answer; with the one for which as many as were lost are expected nothing underflows.
        double low = -800, high = 800, scale = odds.Max();
        double[] Chances(double log) => [.. odds.Select(o => o == 0 ? 0 : 1 / (1 + Math.Exp(-log - Math.Log(o / scale))))];
        for (int i = 0; i < 200; i++)
        {
            double middle = (low + high) / 2;
            var chances = Chances(middle);
            if (zones.Sum(z => layout.Instances(z) * chances[z]) < lost) low = middle;
            else high = middle;
        }

        return new ZoneDraw(layout, zones, Chances(low), lost);
    }

    /// <summary>The chance of each number of replicas that a stage loses, <c>[0 .. D]</c>.</summary>
    public double[] StageLosses(ZoneLayout layout, int stage)
    {
        LossPolynomial here = new(0, [1]), others = here;
        for (int i = 0; i < _zones.Length; i++)
        {
            int serving = layout.Replicas(_zones[i], stage);
            int rest = layout.Instances(_zones[i]) - serving;
            here = here.Times(LossPolynomial.Binomial(serving, _chances[i]), 0, int.MaxValue);
            others = others.Times(LossPolynomial.Binomial(rest, _chances[i]), 0, Lost);
        }

        var losses = here.Coefficients(layout.Pipelines);
        for (int j = 0; j < losses.Length; j++) losses[j] *= others[Lost - j] / ChanceOfLost;
        return losses;
    }
}
