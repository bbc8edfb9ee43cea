using Parcae.Grains;

namespace Parcae.Silo.Api.Jobs.Series;

/// <summary>A job over time, in as many points as a chart can show. All times are seconds since it was submitted.</summary>
internal sealed record SeriesView
{
    /// <summary>Its age; of a job that has ended, when that was.</summary>
    public required double Seconds { get; init; }

    /// <summary>Length of a bucket of <see cref="Steps"/>, seconds.</summary>
    public required double BucketSeconds { get; init; }

    /// <summary>Committed steps, in buckets of equal length; buckets without a step are left out.</summary>
    public required StepBucket[] Steps { get; init; }

    /// <summary>Every interval, oldest first.</summary>
    public required IntervalRecord[] Intervals { get; init; }

    /// <summary>Every reconfiguration, oldest first.</summary>
    public required GenerationRecord[] Generations { get; init; }

    /// <summary>What is forecast for the coming intervals, the one under way first.</summary>
    public required ForecastBand[] Forecast { get; init; }

    /// <summary>Length of an interval, seconds.</summary>
    public required double IntervalSeconds { get; init; }
}

/// <summary>The steps that were committed in a span of time.</summary>
/// <param name="Seconds">Its middle.</param>
/// <param name="Step">The last of them.</param>
/// <param name="Loss">Their mean loss; null: none of them has a finite one.</param>
/// <param name="LossLow">The lowest.</param>
/// <param name="LossHigh">The highest.</param>
/// <param name="SamplesPerSecond">Their samples over the length of the span.</param>
internal readonly record struct StepBucket(double Seconds, int Step, double? Loss, double? LossLow, double? LossHigh, double SamplesPerSecond);
