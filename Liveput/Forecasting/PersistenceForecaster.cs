namespace Parcae.Liveput.Forecasting;

/// <summary>How the persistence forecaster reads the past.</summary>
/// <remarks>The defaults scored best (counts and losses together) on synthetic traces like those of the generators poisson, bursts, zones, day and selfexciting. Windows from 30 on and prior weights from 500 to 1,000 do about as well.</remarks>
public sealed record PersistenceOptions
{
    /// <summary>Intervals of the past that count. The default value is 120.</summary>
    public int Window { get; init; } = 120;

    /// <summary>Chance that an instance is lost in an interval, before anything has been seen. The default value is 0.01.</summary>
    public double PriorHazard { get; init; } = 0.01;

    /// <summary>How many instance-intervals of observation the prior weighs. The default value is 1000.</summary>
    public double PriorWeight { get; init; } = 1000;

    /// <summary>How much instances are lost together: the correlation between two instances' losses in an interval, in (0, 1). The default value is 0.12.</summary>
    public double Correlation { get; init; } = 0.12;

    /// <summary>Most instances that there can be; null: no bound. The default value is null.</summary>
    public int? MaxInstances { get; init; }
}

/// <summary>
/// The count stays as it is: every coming count is spread around the last one, by losses as in the recent past and as many arrivals.
/// </summary>
/// <remarks>
/// The hazard of an instance in an interval is the share lost over the window, drawn towards a prior, so that a quiet past does not mean "never". Spot instances go in bursts, so the number
/// lost of n is beta-binomial: n draws whose common chance is itself drawn around the hazard. Arrivals are distributed like losses, for otherwise the count
/// would not persist. The steps of successive intervals are independent; a count cannot go below 0.
/// </remarks>
public sealed class PersistenceForecaster : IAvailabilityForecaster
{
    private readonly PersistenceOptions _options;

    /// <summary>A forecaster.</summary>
    /// <exception cref="ArgumentOutOfRangeException">An option is out of range.</exception>
    public PersistenceForecaster(PersistenceOptions? options = null)
    {
        _options = options ?? new PersistenceOptions();
        ArgumentOutOfRangeException.ThrowIfLessThan(_options.Window, 1, nameof(options));
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(_options.PriorWeight, nameof(options));
        if (!(_options.PriorHazard is > 0 and < 1)) throw new ArgumentOutOfRangeException(nameof(options), _options.PriorHazard, "PriorHazard must be in (0, 1).");
        if (!(_options.Correlation is > 0 and < 1)) throw new ArgumentOutOfRangeException(nameof(options), _options.Correlation, "Correlation must be in (0, 1).");
        if (_options.MaxInstances is < 0) throw new ArgumentOutOfRangeException(nameof(options), _options.MaxInstances, "MaxInstances must be at least 0.");
    }

    /// <inheritdoc/>
    public string Name => "persistence";

    /// <inheritdoc/>
    public AvailabilityForecast Forecast(IReadOnlyList<AvailabilityInterval> history, int horizon)
    {
        ArgumentNullException.ThrowIfNull(history);
        ArgumentOutOfRangeException.ThrowIfLessThan(horizon, 1);
        if (history.Count == 0) throw new ArgumentException("A forecast needs at least one interval of history.", nameof(history));
        int now = history[^1].Available;
        double hazard = Hazard(history);
        var lost = LostOf(now, hazard);
        var joined = LostOf(Math.Max(1, now), hazard);
        int highest = _options.MaxInstances is { } bound ? Math.Max(bound, now) : int.MaxValue;

        var counts = new double[now + 1];
        counts[now] = 1;
        var intervals = new IntervalForecast[horizon];
        for (int i = 0; i < horizon; i++)
        {
            counts = Step(counts, lost, joined, highest);
            intervals[i] = new IntervalForecast { Available = counts, Lost = lost, Joined = Distributions.Rows(joined, counts.Length - 1) };
        }

        return new AvailabilityForecast(intervals);
    }

    /// <summary>Chance that an instance is lost in an interval, as the window and the prior have it.</summary>
    public double Hazard(IReadOnlyList<AvailabilityInterval> history)
    {
        ArgumentNullException.ThrowIfNull(history);
        double lost = _options.PriorHazard * _options.PriorWeight, exposed = _options.PriorWeight;
        for (int i = Math.Max(0, history.Count - _options.Window); i < history.Count; i++)
        {
            lost += history[i].Lost;
            exposed += Math.Max(history[i].Lost, history[i].Available - history[i].Joined + history[i].Lost);
        }

        return Math.Min(lost / exposed, 0.99);
    }

    /// <summary>The beta-binomial distribution of how many of <paramref name="count"/> are lost.</summary>
    internal double[] LostOf(int count, double hazard) => Distributions.BetaBinomial(count, hazard, _options.Correlation);

    private static double[] Step(double[] counts, double[] lost, double[] joined, int highest)
    {
        var fallen = new double[counts.Length];
        double[] reversed = [.. lost.Reverse()];
        for (int n = 0; n < counts.Length; n++)
        {
            if (counts[n] < Distributions.Negligible) continue;
            if (n + 1 >= lost.Length) Lanes.AddScaled(fallen.AsSpan(n + 1 - lost.Length), reversed, counts[n]);
            else for (int k = 0; k < lost.Length; k++) fallen[Math.Max(0, n - k)] += counts[n] * lost[k];
        }

        var risen = new double[(int)Math.Min((long)highest, counts.Length - 1 + joined.Length - 1) + 1];
        for (int n = 0; n < fallen.Length; n++)
        {
            if (fallen[n] < Distributions.Negligible) continue;
            if (n + joined.Length <= risen.Length) Lanes.AddScaled(risen.AsSpan(n), joined, fallen[n]);
            else for (int k = 0; k < joined.Length; k++) risen[Math.Min(risen.Length - 1, n + k)] += fallen[n] * joined[k];
        }

        return Distributions.Trimmed(risen);
    }
}
