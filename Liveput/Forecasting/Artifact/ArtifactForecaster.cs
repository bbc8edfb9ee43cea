using MathNet.Numerics.Distributions;
using Parcae.Liveput.Forecasting.Arima;

namespace Parcae.Liveput.Forecasting.Artifact;

/// <summary>How the artifact's forecaster reads the past.</summary>
public sealed record ArtifactOptions
{
    /// <summary>Counts of the past that are fitted; null: as many as intervals are forecast. The default value is null.</summary>
    public int? Window { get; init; }

    /// <summary>No forecast is lower. The default value is 8.</summary>
    public int Least { get; init; } = 8;

    /// <summary>No forecast is higher. The default value is 32, the artifact's cluster.</summary>
    public int Most { get; init; } = 32;

    /// <summary>Whether random removals are added to flat forecasts. The default value is true.</summary>
    public bool RandomRemovals { get; init; } = true;

    /// <summary>Fixes the random removals. The default value is 0.</summary>
    public int Seed { get; init; }
}

/// <summary>The forecast of the published artifact (NSDI '24), rule by rule: one certain future.</summary>
/// <remarks>
/// The rules were found by matching 400 of the artifact's own forecasts, which they reproduce. Two things could not be seen there. Where both a minimum and a maximum qualify as the last turning point,
/// the later one is taken. Random removals lower the counts that follow, down to <see cref="ArtifactOptions.Least"/>. A history shorter than the window is
/// forecast flat. The draws depend on the seed and the length of the history alone, so that a forecast is a function of the history.
/// </remarks>
public sealed class ArtifactForecaster : IAvailabilityForecaster
{
    private static readonly ArimaOrder Order = new(1, 1, 0, Drift: true);

    private readonly ArtifactOptions _options;

    /// <summary>A forecaster.</summary>
    /// <exception cref="ArgumentOutOfRangeException">An option is out of range.</exception>
    public ArtifactForecaster(ArtifactOptions? options = null)
    {
        _options = options ?? new ArtifactOptions();
        if (_options.Window is < 2) throw new ArgumentOutOfRangeException(nameof(options), _options.Window, "Window must be at least 2.");
        ArgumentOutOfRangeException.ThrowIfNegative(_options.Least, nameof(options));
        ArgumentOutOfRangeException.ThrowIfLessThan(_options.Most, _options.Least, nameof(options));
    }

    /// <inheritdoc/>
    public string Name => "artifact-arima";

    /// <inheritdoc/>
    public AvailabilityForecast Forecast(IReadOnlyList<AvailabilityInterval> history, int horizon)
    {
        var steps = Steps(history, horizon);
        var random = steps.RemovalMean is { } mean and > 0 && _options.RandomRemovals ? new Random(Mix(_options.Seed, history.Count)) : null;
        var intervals = new IntervalForecast[horizon];
        int missing = 0;
        for (int h = 0; h < horizon; h++)
        {
            int lost = steps.Lost[h], count = Math.Max(0, steps.Counts[h] - missing);
            if (random is not null)
            {
                int drawn = Math.Min(Poisson.Sample(random, steps.RemovalMean!.Value), Math.Max(0, count - _options.Least));
                (missing, lost, count) = (missing + drawn, lost + drawn, count - drawn);
            }

            intervals[h] = new IntervalForecast { Available = Distributions.Point(count), Lost = Distributions.Point(lost), Joined = Distributions.Rows(Distributions.Point(steps.Joined[h]), count) };
        }

        return new AvailabilityForecast(intervals);
    }

    /// <summary>Every intermediate value of a forecast, without random removals.</summary>
    internal ArtifactSteps Steps(IReadOnlyList<AvailabilityInterval> history, int horizon)
    {
        ArgumentNullException.ThrowIfNull(history);
        ArgumentOutOfRangeException.ThrowIfLessThan(horizon, 1);
        if (history.Count == 0) throw new ArgumentException("A forecast needs at least one interval of history.", nameof(history));
        int window = _options.Window ?? Math.Max(2, horizon), last = history[^1].Available;
        if (history.Count < window) return ArtifactSteps.Flat(last, horizon);

        var counts = new int[history.Count];
        for (int i = 0; i < counts.Length; i++) counts[i] = history[i].Available;
        var (joinFactor, lossFactor) = Factors(counts, window);
        var recent = counts.AsSpan(counts.Length - window);
        var cleaned = HistoryCleaning.Clean(recent);
        double[]? raw = ArimaModel.Fit(Array.ConvertAll(cleaned, c => (double)c), Order)?.Forecast(horizon).Means;
        // Without a model nothing varies but in equal steps, or the window is too short to tell.
        var bounded = raw is null ? [.. Enumerable.Repeat(last, horizon)] : Bounded(raw);
        var steps = Damped(bounded, last, joinFactor, lossFactor);
        bool quiet = bounded.AsSpan().IndexOfAnyExcept(bounded[0]) < 0;
        var smooth = HistoryCleaning.Smooth(recent);
        bool moved = smooth.AsSpan().IndexOfAnyExcept(smooth[0]) >= 0;
        return steps with
        {
            Cleaned = cleaned,
            Raw = raw,
            JoinFactor = joinFactor,
            LossFactor = lossFactor,
            RemovalMean = quiet && moved ? RemovalMean(history, window) : null,
        };
    }

    /// <summary>Each value within 3 of the first, then within the bounds.</summary>
    private int[] Bounded(double[] raw)
    {
        var bounded = Array.ConvertAll(raw, r => (int)Math.Round(r, MidpointRounding.ToEven));
        int first = bounded[0];
        for (int h = 0; h < bounded.Length; h++) bounded[h] = Math.Clamp(Math.Clamp(bounded[h], first - 3, first + 3), _options.Least, _options.Most);
        return bounded;
    }

    /// <summary>Additions and removals scaled by their factors, each new count rounded to even.</summary>
    private static ArtifactSteps Damped(int[] bounded, int last, double joinFactor, double lossFactor)
    {
        int[] counts = new int[bounded.Length], joined = new int[bounded.Length], lost = new int[bounded.Length];
        int before = last, scaled = last;
        for (int h = 0; h < bounded.Length; h++)
        {
            int change = bounded[h] - before;
            counts[h] = (int)Math.Round(scaled + (change * (change > 0 ? joinFactor : lossFactor)), MidpointRounding.ToEven);
            (joined[h], lost[h]) = (Math.Max(0, counts[h] - scaled), Math.Max(0, scaled - counts[h]));
            (before, scaled) = (bounded[h], counts[h]);
        }

        return new ArtifactSteps { Counts = counts, Joined = joined, Lost = lost };
    }

    /// <summary>Scaling after windows that only rose or only fell, by 5 or by 10; it stays until another such window sets it anew.</summary>
    private static (double Join, double Loss) Factors(int[] counts, int window)
    {
        double join = 1, loss = 1;
        for (int end = window; end <= counts.Length; end++)
        {
            var recent = counts.AsSpan(end - window, window);
            // Cleaning never widens the range of a window.
            if (Range(recent) < 5) continue;
            var cleaned = HistoryCleaning.Clean(recent);
            int moved = cleaned[^1] - cleaned[0];
            double factor = Math.Abs(moved) >= 10 ? 0.5 : 0.75;
            if (moved >= 5 && IsSteady(cleaned, 1)) join = factor;
            if (moved <= -5 && IsSteady(cleaned, -1)) loss = factor;
        }

        return (join, loss);
    }

    private static int Range(ReadOnlySpan<int> counts)
    {
        int least = counts[0], most = counts[0];
        foreach (int count in counts) (least, most) = (Math.Min(least, count), Math.Max(most, count));
        return most - least;
    }

    private static bool IsSteady(int[] counts, int sign)
    {
        for (int i = 1; i < counts.Length; i++)
        {
            if ((counts[i] - counts[i - 1]) * sign < 0) return false;
        }

        return true;
    }

    /// <summary>The least of mean, variance and deviation of the window's removals.</summary>
    private static double RemovalMean(IReadOnlyList<AvailabilityInterval> history, int window)
    {
        double sum = 0, squares = 0;
        for (int i = history.Count - window; i < history.Count; i++)
        {
            sum += history[i].Lost;
            squares += (double)history[i].Lost * history[i].Lost;
        }

        double mean = sum / window, variance = Math.Max(0, (squares / window) - (mean * mean));
        return Math.Min(mean, Math.Min(variance, Math.Sqrt(variance)));
    }

    private static int Mix(int seed, int length) => unchecked((seed * (int)0x9E3779B1) ^ (length * (int)0x85EBCA77));
}

/// <summary>Intermediate values of the artifact's forecast.</summary>
internal sealed record ArtifactSteps
{
    /// <summary>The window, smoothed and flattened.</summary>
    public int[] Cleaned { get; init; } = [];

    /// <summary>What the model says; null where nothing varies.</summary>
    public double[]? Raw { get; init; }

    /// <summary>Counts forecast, without random removals.</summary>
    public required int[] Counts { get; init; }

    /// <summary>Additions in each interval.</summary>
    public required int[] Joined { get; init; }

    /// <summary>Removals in each interval.</summary>
    public required int[] Lost { get; init; }

    /// <summary>Scale of additions.</summary>
    public double JoinFactor { get; init; } = 1;

    /// <summary>Scale of removals.</summary>
    public double LossFactor { get; init; } = 1;

    /// <summary>Mean of the random removals of an interval; null where there are none.</summary>
    public double? RemovalMean { get; init; }

    /// <summary>The count stays.</summary>
    public static ArtifactSteps Flat(int count, int horizon) =>
        new() { Counts = [.. Enumerable.Repeat(count, horizon)], Joined = new int[horizon], Lost = new int[horizon] };
}
