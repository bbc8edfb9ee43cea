using Parcae.Grains.Jobs.Ledger;

namespace Parcae.Grains.Jobs;

/// <summary>What a user wants of a job.</summary>
internal enum JobIntent
{
    /// <summary>Train.</summary>
    Run,

    /// <summary>Stand still until resumed.</summary>
    Pause,

    /// <summary>Complete at the next step boundary.</summary>
    Finish,

    /// <summary>End without completing.</summary>
    Cancel,
}

/// <summary>A checkpoint on a disk.</summary>
/// <param name="Version">Steps applied.</param>
/// <param name="InstanceId">The instance of the vault that has it.</param>
[GenerateSerializer, Immutable, Alias("parcae.CheckpointMark")]
internal sealed record CheckpointMark([property: Id(0)] int Version, [property: Id(1)] string InstanceId);

/// <summary>What a job grain keeps, except for the step results (see <see cref="JobStore"/>).</summary>
[GenerateSerializer, Alias("parcae.JobState")]
internal sealed class JobState
{
    /// <summary>The job as submitted; null before.</summary>
    [Id(0)] public JobSpec? Spec { get; set; }

    /// <summary>Authenticates the job's data plane, 32 bytes.</summary>
    [Id(1)] public byte[] Secret { get; set; } = [];

    /// <summary>Where the job is in its life.</summary>
    [Id(2)] public JobPhase Phase { get; set; }

    /// <summary>Why, for people.</summary>
    [Id(3)] public string? Reason { get; set; }

    /// <summary>What the user wants.</summary>
    [Id(4)] public JobIntent Intent { get; set; }

    /// <summary>The highest generation number ever used, committed or not.</summary>
    [Id(5)] public int Attempted { get; set; }

    /// <summary>The plan that was committed last; kept during a pause. Its vault is empty when none follows.</summary>
    [Id(6)] public GenerationPlan? Plan { get; set; }

    /// <summary>Whether training was brought to rest since <see cref="Plan"/> was committed, so that it takes a new generation to go on.</summary>
    [Id(7)] public bool Halted { get; set; }

    /// <summary>Whether the job was paused since <see cref="Plan"/> was committed.</summary>
    [Id(8)] public bool WasPaused { get; set; }

    /// <summary>The ledger's counters.</summary>
    [Id(9)] public LedgerCounters Ledger { get; set; } = new();

    /// <summary>Number of step results in storage.</summary>
    [Id(10)] public int StoredSteps { get; set; }

    /// <summary>Every generation that was committed, oldest first.</summary>
    [Id(11)] public List<GenerationRecord> Generations { get; set; } = [];

    /// <summary>Every interval, oldest first.</summary>
    [Id(12)] public List<IntervalRecord> Intervals { get; set; } = [];

    /// <summary>The last events, oldest first.</summary>
    [Id(13)] public List<JobEvent> Events { get; set; } = [];

    /// <summary>Sequence number of the last event there ever was.</summary>
    [Id(14)] public long LastEvent { get; set; }

    /// <summary>When the job was submitted.</summary>
    [Id(15)] public DateTimeOffset SubmittedAt { get; set; }

    /// <summary>The last event of the fleet's log that was taken in.</summary>
    [Id(16)] public long FleetSequence { get; set; }

    /// <summary>Mean of what was forecast for the interval under way.</summary>
    [Id(17)] public double ForecastNext { get; set; }

    /// <summary>Money spent, USD.</summary>
    [Id(18)] public double CostUsd { get; set; }

    /// <summary>The model as a worker described it; null before.</summary>
    [Id(19)] public ModelOutline? Outline { get; set; }

    /// <summary>The newest checkpoint that the vault has told of; null: none yet.</summary>
    [Id(20)] public CheckpointMark? Checkpoint { get; set; }

    /// <summary>Whether the job has ended, one way or another.</summary>
    public bool Ended => Phase is JobPhase.Completed or JobPhase.Cancelled or JobPhase.Failed;
}
