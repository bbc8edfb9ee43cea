namespace Parcae.Grains;

/// <summary>A plan that was made elsewhere, which a job follows for a while instead of planning by itself.</summary>
[GenerateSerializer, Immutable, Alias("parcae.FollowedPlan")]
public sealed record FollowedPlan
{
    /// <summary>Tells one plan from another: a repeat under the same id only renews the lease.</summary>
    [Id(0)] public required string Id { get; init; }

    /// <summary>Where it comes from, for people.</summary>
    [Id(1)] public required string Name { get; init; }

    /// <summary>One strategy for each interval.</summary>
    [Id(2)] public required FollowedStrategy[] Strategies { get; init; }

    /// <summary>Length of an interval; the fleet's own planning period is of no account.</summary>
    [Id(3)] public required TimeSpan Interval { get; init; }

    /// <summary>Time since the first interval began, at the moment of the call.</summary>
    [Id(4)] public TimeSpan Elapsed { get; init; }

    /// <summary>Unless it is renewed for so long, the job plans by itself again. The default value is 30 seconds.</summary>
    [Id(5)] public TimeSpan Lease { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>What is wrong with the plan, or null.</summary>
    public string? Problem()
    {
        if (string.IsNullOrWhiteSpace(Id)) return "it has no id";
        if (Strategies is not { Length: > 0 }) return "it has no strategies";
        int wrong = Array.FindIndex(Strategies, s => s.Pipelines < 0 || s.Depth < 0 || (s.Pipelines == 0) != (s.Depth == 0));
        if (wrong >= 0) return $"strategy {wrong} is {Strategies[wrong].Pipelines} x {Strategies[wrong].Depth}; both must be at least 1, or both 0 for a pause";
        if (Interval <= TimeSpan.Zero) return $"its interval is {Interval}; it must be longer than 0";
        if (Elapsed < TimeSpan.Zero) return $"the time since its beginning is {Elapsed}; it must be at least 0";
        return Lease <= TimeSpan.Zero || Lease > TimeSpan.FromHours(1) ? $"its lease is {Lease}; it must be above 0 and at most an hour" : null;
    }
}

/// <summary>The strategy of one interval.</summary>
/// <param name="Pipelines">D; 0: a pause.</param>
/// <param name="Depth">P; 0: a pause.</param>
[GenerateSerializer, Immutable, Alias("parcae.FollowedStrategy")]
public readonly record struct FollowedStrategy([property: Id(0)] int Pipelines, [property: Id(1)] int Depth);
