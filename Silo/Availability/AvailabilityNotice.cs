namespace Parcae.Silo.Availability;

/// <summary>Why an instance will be gone.</summary>
internal enum NoticeKind
{
    /// <summary>The cloud takes a spot instance back.</summary>
    Preemption,

    /// <summary>The cloud expects to take it back soon.</summary>
    Rebalance,

    /// <summary>The machine is restarted, moved, paused or removed for upkeep.</summary>
    Maintenance,

    /// <summary>Somebody stops the process, its pod or its machine.</summary>
    Stop,
}

/// <summary>What a source has learned about this instance.</summary>
/// <param name="Id">Names it within its source; the same notice seen again has the same id.</param>
/// <param name="Kind">Why.</param>
/// <param name="Remaining">Time until the instance is gone, as of the moment the notice was handed over; never negative.</param>
/// <param name="Reason">Who said what, for people.</param>
internal sealed record AvailabilityNotice(string Id, NoticeKind Kind, TimeSpan Remaining, string Reason)
{
    /// <summary>Whether the instance may well stay (a recommendation, a pause of seconds): passed on only where <see cref="AvailabilityOptions.Advisory"/> says so. The default value is false.</summary>
    public bool Advisory { get; init; }

    /// <summary>Tells the cloud that it need not wait any longer: called when nothing needs the instance any more. The default value is null: the cloud does not ask.</summary>
    public Func<CancellationToken, Task>? WhenFree { get; init; }
}
