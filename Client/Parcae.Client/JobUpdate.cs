using Parcae.Grains;

namespace Parcae.Client;

/// <summary>What changed about a job since the update before.</summary>
public sealed record JobUpdate
{
    /// <summary>The job as it is now.</summary>
    public required JobStatus Status { get; init; }

    /// <summary>Events since the last update, oldest first. Each event comes once.</summary>
    public required IReadOnlyList<JobEvent> Events { get; init; }

    /// <summary>
    /// Steps committed since the last update, in order; empty unless <see cref="WatchOptions.Steps"/> is set. A step that had to be run again comes again.
    /// </summary>
    public IReadOnlyList<StepResult> Steps { get; init; } = [];

    /// <summary>Whether the job has come to its end: no further update follows.</summary>
    public bool IsFinal => Status.Phase is JobPhase.Completed or JobPhase.Cancelled or JobPhase.Failed;
}

/// <summary>How to watch a job.</summary>
public sealed record WatchOptions
{
    /// <summary>Time between two looks. The default value is 250 milliseconds.</summary>
    public TimeSpan Every { get; init; } = TimeSpan.FromMilliseconds(250);

    /// <summary>Whether updates carry the steps too. The default value is false.</summary>
    public bool Steps { get; init; }

    /// <summary>The first step that updates carry. The default value is 0.</summary>
    public int FromStep { get; init; }

    /// <summary>Only events after this one. The default value is 0: all of them.</summary>
    public long AfterEvent { get; init; }

    /// <summary>Called with the reason when the service cannot be reached; watching goes on. The default value is null.</summary>
    public Action<Exception>? Interrupted { get; init; }
}
