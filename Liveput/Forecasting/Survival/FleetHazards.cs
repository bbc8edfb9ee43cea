namespace Parcae.Liveput.Forecasting.Survival;

/// <summary>What a history teaches about when losses and arrivals happen, and how large they are.</summary>
/// <remarks>
/// The chance of a loss in an interval depends on how long ago the last loss was, on whether there were arrivals lately, and on how many of the past intervals had losses; that of an arrival
/// on the time since the last arrival and since the last loss, on how many of the past intervals had arrivals, and on how many instances are missing from the greatest count seen or possible. Losses come first in an interval, then arrivals.
/// </remarks>
internal sealed class FleetHazards
{
    /// <summary>Ages of an event that are told apart: in this interval or the last, up to 2 before, up to 7, up to 19, longer ago.</summary>
    public const int Ages = 5;

    private const int LossFeatures = Ages + 2, ArrivalFeatures = (2 * Ages) + 2;
    private const double ActivityMemory = 0.95;

    private readonly HazardRegression _loss, _arrival;
    private readonly SurvivalOptions _options;
    private readonly double _losses, _arrivals;

    public FleetHazards(IReadOnlyList<AvailabilityInterval> history, SurvivalOptions options)
    {
        _options = options;
        double Odds(double p) => Math.Log(p / (1 - p));
        double d = options.EffectDeviation;
        // Priors in log odds: events draw others soon after, and missing instances draw arrivals.
        _loss = new HazardRegression([Odds(options.PriorLossHazard), 1, 0.5, 0.25, 0, 0, 1], [1.5, d, d, d, d, d, d], options.Drift);
        _arrival = new HazardRegression([Odds(options.PriorArrivalHazard), 1, 0.5, 0.25, 0, 0, 0, 0, 0, 0.5, -1.5, 1], [1.5, d, d, d, d, d, d, d, d, d, d, d], options.Drift);
        LossSizes = new SizeDistribution(0.1, 20, options.SizeMemory);
        ArrivalSizes = new SizeDistribution(0.15, 20, options.SizeMemory);
        Span<double> x = stackalloc double[ArrivalFeatures];
        int first = Math.Max(0, history.Count - options.Window);
        for (int i = first; i < history.Count; i++) Highest = Math.Max(Highest, history[i].Available);
        if (options.MaxInstances is { } bound) Highest = Math.Max(history[^1].Available, bound);
        for (int i = first; i < history.Count; i++)
        {
            var (available, joined, lost) = history[i];
            int before = Math.Max(lost, available - joined + lost);
            if (before > 0)
            {
                Loss(x, AgeOf(SinceLoss), AgeOf(SinceArrival));
                _loss.Learn(x[..LossFeatures], lost > 0);
            }

            if (lost > 0) LossSizes.Learn(lost, before);
            SinceLoss = lost > 0 ? 0 : SinceLoss + 1;
            int missing = Math.Max(0, Highest - (before - lost));
            if (missing > 0 || options.MaxInstances is null)
            {
                Arrival(x, AgeOf(SinceLoss), AgeOf(SinceArrival), missing);
                _arrival.Learn(x, joined > 0);
                if (joined > 0) ArrivalSizes.Learn(joined, Math.Max(joined, missing));
            }

            SinceArrival = joined > 0 ? 0 : SinceArrival + 1;
            _losses = (_losses * ActivityMemory) + (lost > 0 ? 1 - ActivityMemory : 0);
            _arrivals = (_arrivals * ActivityMemory) + (joined > 0 ? 1 - ActivityMemory : 0);
        }
    }

    /// <summary>The greatest count possible, or seen.</summary>
    public int Highest { get; }

    /// <summary>Whole intervals since the last loss; large when there was none.</summary>
    public int SinceLoss { get; private set; } = 1 << 20;

    /// <summary>Whole intervals since the last arrival; large when there was none.</summary>
    public int SinceArrival { get; private set; } = 1 << 20;

    /// <summary>How many are lost at once.</summary>
    public SizeDistribution LossSizes { get; }

    /// <summary>How many come at once.</summary>
    public SizeDistribution ArrivalSizes { get; }

    /// <summary>The age of an event so many whole intervals ago.</summary>
    public static int AgeOf(int since) => since switch { 0 => 0, <= 2 => 1, <= 7 => 2, <= 19 => 3, _ => 4 };

    /// <summary>Chance that an event of this age is of the next age an interval later.</summary>
    public static double Ageing(int age) => age switch { 0 => 1, 1 => 0.5, 2 => 0.2, 3 => 1.0 / 12, _ => 0 };

    /// <summary>Chance of a loss in the next interval.</summary>
    public double LossChance(int lossAge, int arrivalAge)
    {
        Span<double> x = stackalloc double[LossFeatures];
        Loss(x, lossAge, arrivalAge);
        return _loss.Chance(x);
    }

    /// <summary>Chance of an arrival in an interval, after its losses.</summary>
    public double ArrivalChance(int lossAge, int arrivalAge, int missing)
    {
        if (missing == 0 && _options.MaxInstances is not null) return 0;
        Span<double> x = stackalloc double[ArrivalFeatures];
        Arrival(x, lossAge, arrivalAge, missing);
        return _arrival.Chance(x);
    }

    private void Loss(Span<double> x, int lossAge, int arrivalAge)
    {
        x[0] = 1;
        for (int age = 0; age < Ages - 1; age++) x[1 + age] = lossAge == age ? 1 : 0;
        x[Ages] = arrivalAge <= 1 ? 1 : 0;
        x[Ages + 1] = _losses * 2;
    }

    private void Arrival(Span<double> x, int lossAge, int arrivalAge, int missing)
    {
        x[0] = 1;
        for (int age = 0; age < Ages - 1; age++)
        {
            x[1 + age] = arrivalAge == age ? 1 : 0;
            x[Ages + age] = lossAge == age ? 1 : 0;
        }

        x[(2 * Ages) - 1] = Math.Log(Math.Max(1, missing));
        x[2 * Ages] = missing == 0 ? 1 : 0;
        x[(2 * Ages) + 1] = _arrivals * 2;
    }
}
