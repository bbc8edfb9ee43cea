namespace Parcae.Liveput.Planning.Limits;

/// <summary>Where a job with a deadline stands when an interval begins.</summary>
public sealed record DeadlineState
{
    /// <summary>Samples of the whole job.</summary>
    public required double JobSamples { get; init; }

    /// <summary>Samples done.</summary>
    public required double DoneSamples { get; init; }

    /// <summary>Time since the job began, seconds.</summary>
    public required double SecondsElapsed { get; init; }

    /// <summary>Time until the deadline, seconds.</summary>
    public required double SecondsLeft { get; init; }

    /// <summary>Length of an interval, seconds: the next decision comes then.</summary>
    public required double IntervalSeconds { get; init; }

    /// <summary>Samples that the plan expects of spot instances in the coming interval, all changes paid.</summary>
    public required double ExpectedSpotSamples { get; init; }

    /// <summary>Spot instances that the plan would use, for the cost. The default value is 0.</summary>
    public int SpotInstances { get; init; }

    /// <summary>On-demand instances that the job runs on now; 0: it runs on spot instances or not at all. The default value is 0.</summary>
    public int OnDemandInstances { get; init; }

    /// <summary>Time until those on-demand instances train, seconds; 0 once they do. The default value is 0.</summary>
    public double SwitchSecondsLeft { get; init; }

    /// <summary>Throws when a value is out of range; the message names it and the range.</summary>
    internal void Validate()
    {
        AtLeastZero(JobSamples, nameof(JobSamples));
        AtLeastZero(DoneSamples, nameof(DoneSamples));
        AtLeastZero(SecondsElapsed, nameof(SecondsElapsed));
        AtLeastZero(ExpectedSpotSamples, nameof(ExpectedSpotSamples));
        AtLeastZero(SpotInstances, nameof(SpotInstances));
        AtLeastZero(OnDemandInstances, nameof(OnDemandInstances));
        AtLeastZero(SwitchSecondsLeft, nameof(SwitchSecondsLeft));
        if (!double.IsFinite(SecondsLeft)) throw new ArgumentOutOfRangeException(nameof(SecondsLeft), SecondsLeft, "SecondsLeft must be finite.");
        if (!(IntervalSeconds > 0) || !double.IsFinite(IntervalSeconds)) throw new ArgumentOutOfRangeException(nameof(IntervalSeconds), IntervalSeconds, "IntervalSeconds must be above 0.");
    }

    private static void AtLeastZero(double value, string name)
    {
        if (!(value >= 0) || !double.IsFinite(value)) throw new ArgumentOutOfRangeException(name, value, $"{name} must be at least 0.");
    }
}

/// <summary>What to run on until the next decision.</summary>
public enum DeadlineChoice
{
    /// <summary>Nothing is left to do.</summary>
    Done,

    /// <summary>Spot instances, as planned.</summary>
    Spot,

    /// <summary>On-demand instances.</summary>
    OnDemand,

    /// <summary>No number of on-demand instances meets the deadline; spot instances might, at best.</summary>
    Impossible,
}

/// <summary>A decision with its numbers.</summary>
/// <param name="Choice">What to run on.</param>
/// <param name="OnDemandInstances">On-demand instances to rent; where the deadline is impossible, those that end soonest, or 0 where spot instances are expected to be faster.</param>
/// <param name="RequiredSamplesPerSecond">What the rest of the job needs from now on; infinite when no time is left.</param>
/// <param name="SlackSeconds">How long the job could stand still and then still be finished on demand, on the fastest option with the switch paid; below 0 when it could not.</param>
/// <param name="AheadSeconds">How far the job is ahead of uniform progress, seconds; below 0 when it is behind.</param>
/// <param name="UsdPerHour">What is rented costs, USD per hour.</param>
/// <param name="Reason">Why, for people.</param>
public sealed record DeadlineDecision(
    DeadlineChoice Choice, int OnDemandInstances, double RequiredSamplesPerSecond, double SlackSeconds, double AheadSeconds, double UsdPerHour, string Reason);
