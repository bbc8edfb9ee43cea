using Parcae.Liveput.Forecasting;
using Parcae.Liveput.Forecasting.Artifact;

namespace Parcae.Liveput.Tests.Forecasting;

/// <summary>Against the artifact's own values.</summary>
public sealed class ArtifactForecasterTests
{
    [Fact]
    public void Histories_are_cleaned_as_the_artifact_cleans_them()
    {
        Assert.Equal(400, ArtifactCase.All.Count);
        Assert.All(ArtifactCase.All, c => Assert.Equal(c.Cleaned, HistoryCleaning.Clean(c.History)));
    }

    [Fact]
    public void Every_forecast_of_the_artifact_is_reproduced_value_by_value() => Assert.All(ArtifactCase.All, c =>
    {
        var steps = new ArtifactForecaster().Steps(c.Intervals, c.Counts.Length);
        Assert.Equal(c.Cleaned, steps.Cleaned);
        Assert.Equal((c.JoinFactor, c.LossFactor), (steps.JoinFactor, steps.LossFactor));
        Assert.Equal(c.Counts, steps.Counts);
        Assert.Equal(c.Joined, steps.Joined);
        Assert.Equal(c.Lost, steps.Lost);
        Assert.Equal(c.Raw is null, steps.Raw is null);
        // The artifact's own search stops about that far from the maximum.
        if (c.Raw is not null) Assert.All(c.Raw.Zip(steps.Raw!), pair => Assert.Equal(pair.First, pair.Second, 2e-3));
        Assert.Equal(c.PoissonMean is null, steps.RemovalMean is null);
        if (c.PoissonMean is { } mean) Assert.Equal(mean, steps.RemovalMean!.Value, 1e-6);
    });

    [Fact]
    public void A_scale_once_set_stays_for_the_rest_of_the_trace()
    {
        AvailabilityInterval[] fall = [.. Counts(32, 32, 32, 32, 32, 30, 29, 28, 27, 26, 26, 26)];
        AvailabilityInterval[] long_ = [.. fall, .. Counts([.. Enumerable.Repeat(26, 40)])];
        Assert.Equal(0.75, new ArtifactForecaster().Steps(fall, 12).LossFactor);
        Assert.Equal(0.75, new ArtifactForecaster().Steps(long_, 12).LossFactor);
        Assert.Equal(1, new ArtifactForecaster().Steps(long_[20..], 12).LossFactor);
    }

    [Fact]
    public void Random_removals_follow_the_seed_and_only_a_flat_forecast_has_them()
    {
        var restless = ArtifactCase.All.First(c => c.PoissonMean > 0.2).Intervals;
        double[] Means(int seed, bool removals) =>
            [.. new ArtifactForecaster(new ArtifactOptions { Seed = seed, RandomRemovals = removals }).Forecast(restless, restless.Length).Intervals.Select(i => i.MeanAvailable)];
        Assert.Equal(Means(3, true), Means(3, true));
        Assert.Contains(Enumerable.Range(0, 20), seed => !Means(seed, true).SequenceEqual(Means(0, false)));
        Assert.Single(Means(0, false).Distinct());
        Assert.All(Enumerable.Range(0, 20), seed => Assert.All(Means(seed, true), m => Assert.InRange(m, 8, 32)));
        Assert.All(ArtifactCase.All.Where(c => c.PoissonMean is null), c => Assert.Equal(
            c.Counts.Select(n => (double)n), new ArtifactForecaster().Forecast(c.Intervals, c.Counts.Length).Intervals.Select(i => i.MeanAvailable)));
    }

    [Fact]
    public void A_history_shorter_than_the_window_is_forecast_flat() =>
        Assert.All(new ArtifactForecaster().Forecast(Counts(20, 25, 27), 12).Intervals, i => Assert.Equal(27, i.MeanAvailable));

    [Fact]
    public void Options_out_of_range_are_refused()
    {
        Assert.Throws<ArgumentOutOfRangeException>(() => new ArtifactForecaster(new ArtifactOptions { Window = 1 }));
        Assert.Throws<ArgumentOutOfRangeException>(() => new ArtifactForecaster(new ArtifactOptions { Least = 9, Most = 8 }));
        Assert.Throws<ArgumentException>(() => new ArtifactForecaster().Forecast([], 1));
    }

    private static AvailabilityInterval[] Counts(params int[] counts) =>
        [.. counts.Select((c, i) => new AvailabilityInterval(c, i == 0 ? 0 : Math.Max(0, c - counts[i - 1]), i == 0 ? 0 : Math.Max(0, counts[i - 1] - c)))];
}
