namespace Parcae.Grains.Jobs.Following;

/// <summary>The plan that a job follows, as it keeps it.</summary>
[GenerateSerializer, Immutable, Alias("parcae.FollowedState")]
internal sealed record FollowedState
{
    /// <summary>As it came first.</summary>
    [Id(0)] public required FollowedPlan Plan { get; init; }

    /// <summary>When its first interval began.</summary>
    [Id(1)] public required DateTimeOffset Begin { get; init; }

    /// <summary>The end of its lease.</summary>
    [Id(2)] public required DateTimeOffset Until { get; init; }

    /// <summary>The interval at a time; null when the plan is over.</summary>
    public int? Interval(DateTimeOffset now)
    {
        double interval = Math.Floor((now - Begin) / Plan.Interval);
        return interval < 0 ? 0 : interval < Plan.Strategies.Length ? (int)interval : null;
    }
}
