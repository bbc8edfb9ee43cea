using Parcae.Liveput.Forecasting.Backtesting;

namespace Parcae.Liveput.Forecasting.Ensemble;

/// <summary>How the ensemble weighs its members.</summary>
/// <remarks>The defaults scored best on synthetic traces like those of the generators poisson, bursts, zones, day and selfexciting.</remarks>
public sealed record EnsembleOptions
{
    /// <summary>Past forecasts that are scored. The default value is 24.</summary>
    public int Trials { get; init; } = 24;

    /// <summary>Intervals between them. The default value is 4.</summary>
    public int Spacing { get; init; } = 4;

    /// <summary>Weight of a trial when the next is made, in (0, 1]. The default value is 0.97.</summary>
    public double Memory { get; init; } = 0.97;

    /// <summary>How many trials the expectation of a member's score weighs. The default value is 16.</summary>
    public double PriorTrials { get; init; } = 16;

    /// <summary>How strongly better scores are preferred: a member whose score is worse than the best by this share of persistence's weighs 1/e of it. The default value is 0.03.</summary>
    public double Temperature { get; init; } = 0.03;
}

/// <summary>A member of an ensemble.</summary>
/// <param name="Forecaster">It.</param>
/// <param name="ExpectedScore">Its score before anything has been seen, relative to the first member's.</param>
public sealed record EnsembleMember(IAvailabilityForecaster Forecaster, double ExpectedScore = 1);

/// <summary>What a member of the ensemble counts for.</summary>
/// <param name="Forecaster">Its name.</param>
/// <param name="Weight">Weights sum to 1.</param>
public readonly record struct MemberWeight(string Forecaster, double Weight);

/// <summary>
/// Several forecasters, mixed by how well each would have forecast the recent past; persistence alone where none would have done better.
/// </summary>
/// <remarks>
/// Every <see cref="EnsembleOptions.Spacing"/> intervals of the past is a trial: what each member says there, knowing only what came before, is scored by CRPS over all that has come since, newer trials weighing more. Members
/// that score worse than persistence are left out. The result is a function of the history alone; forecasts for trials are kept between calls, so that a
/// history that grows costs about one forecast of each member. Safe to call from several threads.
/// </remarks>
public sealed class EnsembleForecaster : IAvailabilityForecaster
{
    private readonly EnsembleOptions _options;
    private readonly IReadOnlyList<EnsembleMember> _members;
    private readonly TrialCache _trials;

    /// <summary>An ensemble.</summary>
    /// <param name="members">The first is persistence, or whatever the ensemble falls back to; names differ.</param>
    /// <param name="options">How members are weighed.</param>
    /// <exception cref="ArgumentException">There is no member, or an option is out of range.</exception>
    public EnsembleForecaster(IReadOnlyList<EnsembleMember> members, EnsembleOptions? options = null)
    {
        ArgumentNullException.ThrowIfNull(members);
        if (members.Count == 0) throw new ArgumentException("An ensemble needs at least one member.", nameof(members));
        (_members, _options) = (members, options ?? new EnsembleOptions());
        ArgumentOutOfRangeException.ThrowIfLessThan(_options.Trials, 1, nameof(options));
        ArgumentOutOfRangeException.ThrowIfLessThan(_options.Spacing, 1, nameof(options));
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(_options.Temperature, nameof(options));
        if (!(_options.Memory is > 0 and <= 1)) throw new ArgumentOutOfRangeException(nameof(options), _options.Memory, "Memory must be in (0, 1].");
        ArgumentOutOfRangeException.ThrowIfNegative(_options.PriorTrials, nameof(options));
        _trials = new TrialCache([.. members.Select(m => m.Forecaster)], 2 * _options.Trials);
    }

    /// <inheritdoc/>
    public string Name => "ensemble";

    /// <inheritdoc/>
    public AvailabilityForecast Forecast(IReadOnlyList<AvailabilityInterval> history, int horizon)
    {
        var weights = Weigh(history, horizon);
        var forecasts = new AvailabilityForecast?[_members.Count];
        for (int m = 0; m < forecasts.Length; m++)
        {
            if (weights[m].Weight > 0) forecasts[m] = _members[m].Forecaster.Forecast(history, horizon);
        }

        var intervals = new IntervalForecast[horizon];
        for (int h = 0; h < horizon; h++)
        {
            double[] available = [], lost = [];
            double[][] joined = [];
            for (int m = 0; m < forecasts.Length; m++)
            {
                if (forecasts[m] is not { } forecast) continue;
                Distributions.Add(ref available, forecast.Intervals[h].Available, weights[m].Weight);
                Distributions.Add(ref lost, forecast.Intervals[h].Lost, weights[m].Weight);
                Join(ref joined, forecast.Intervals[h].Joined, weights[m].Weight);
            }

            intervals[h] = new IntervalForecast { Available = available, Lost = lost, Joined = joined.Length == 0 ? null : Array.ConvertAll(joined, row => row.Length == 0 ? null : Distributions.Trimmed(row)) };
        }

        return new AvailabilityForecast(intervals);
    }

    /// <summary>Adds what a member knows of arrivals; those who know only the counts have no say in it.</summary>
    private static void Join(ref double[][] sum, double[]?[]? joined, double weight)
    {
        if (joined is null) return;
        int known = sum.Length;
        if (known < joined.Length)
        {
            Array.Resize(ref sum, joined.Length);
            Array.Fill(sum, [], known, joined.Length - known);
        }

        for (int n = 0; n < joined.Length; n++)
        {
            if (joined[n] is { } row) Distributions.Add(ref sum[n], row, weight);
        }
    }

    /// <summary>What each member counts for in a forecast, in their order.</summary>
    public IReadOnlyList<MemberWeight> Weigh(IReadOnlyList<AvailabilityInterval> history, int horizon)
    {
        ArgumentNullException.ThrowIfNull(history);
        ArgumentOutOfRangeException.ThrowIfLessThan(horizon, 1);
        if (history.Count == 0) throw new ArgumentException("A forecast needs at least one interval of history.", nameof(history));
        var scores = Scores(history, horizon);
        double best = scores.Min(), scale = Math.Max(1e-9, _options.Temperature * scores[0]), total = 0;
        var weights = new double[scores.Length];
        for (int m = 0; m < weights.Length; m++)
        {
            double weight = scores[m] <= scores[0] ? Math.Exp((best - scores[m]) / scale) : 0;
            // A member that hardly counts is not worth its time.
            weights[m] = weight < 0.02 ? 0 : weight;
            total += weights[m];
        }

        return [.. weights.Select((w, m) => new MemberWeight(_members[m].Forecaster.Name, w / total))];
    }

    /// <summary>Weighted means of the members' scores in the trials, drawn towards what is expected of them.</summary>
    private double[] Scores(IReadOnlyList<AvailabilityInterval> history, int horizon)
    {
        var scores = new double[_members.Count];
        // Trials lie at fixed intervals of the history, so that they are the same ones when it has grown.
        int last = (history.Count - 1) / _options.Spacing * _options.Spacing;
        int first = Math.Max(_options.Spacing, last - ((_options.Trials - 1) * _options.Spacing));
        double weight = 1, made = 0;
        var hashes = TrialCache.Hash(history, first, last, _options.Spacing);
        for (int at = last, i = hashes.Length - 1; at >= first; at -= _options.Spacing, i--)
        {
            var forecasts = _trials.Get(history, at, hashes[i], horizon);
            int known = Math.Min(horizon, history.Count - at);
            for (int m = 0; m < scores.Length; m++)
            {
                double sum = 0;
                for (int h = 0; h < known; h++) sum += ForecastScores.Crps(forecasts[m].Intervals[h].Available, history[at + h].Available);
                scores[m] += weight * sum / horizon;
            }

            made += weight;
            weight *= _options.Memory;
        }

        double usual = made > 0 && scores[0] > 0 ? scores[0] / made : 1;
        for (int m = 0; m < scores.Length; m++)
            scores[m] = (scores[m] + (_options.PriorTrials * usual * _members[m].ExpectedScore)) / Math.Max(1e-9, made + _options.PriorTrials);
        return scores;
    }
}
