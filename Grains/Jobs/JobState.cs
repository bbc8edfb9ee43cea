using Parcae.Grains.Jobs.Following;
using Parcae.Grains.Jobs.Ledger;
using Parcae.Grains.Storage;

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

/// <summary>What a job grain keeps, except for what grows as long as it trains (see <see cref="JobStore"/>).</summary>
[GenerateSerializer, Alias("parcae.JobState")]
internal sealed class JobState : IVersionedState
{
    /// <summary>The job as submitted; null before.</summary>
    [Id(0)] public JobSpec? Spec { get; set; }

    /// <summary>What the secret of the job's data plane is derived from, besides the service's: 32 bytes.</summary>
    [Id(1)] public byte[] Salt { get; set; } = [];

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

    /// <summary>Every generation, as it was kept before there were lists of their own; empty since.</summary>
    [Id(11)] public List<GenerationRecord> Generations { get; set; } = [];

    /// <summary>Every interval, as it was kept before there were lists of their own; empty since.</summary>
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

    /// <summary>While the job is at rest: the version that the state vault holds whole, so that its workers are not needed for it; null: not known to.</summary>
    [Id(21)] public int? Secured { get; set; }

    /// <inheritdoc/>
    [Id(22)] public int Schema { get; set; }

    /// <summary>Number of generations that were committed.</summary>
    [Id(23)] public int GenerationCount { get; set; }

    /// <summary>Number of intervals that were closed.</summary>
    [Id(24)] public int IntervalCount { get; set; }

    /// <summary>The generation that was committed last; null before the first.</summary>
    [Id(25)] public GenerationRecord? LastGeneration { get; set; }

    /// <summary>The plan that the job follows; null: it plans by itself.</summary>
    [Id(30)] public FollowedState? Followed { get; set; }

    /// <summary>The band of <see cref="ForecastNext"/>; null: it was not kept.</summary>
    [Id(31)] public ForecastBand? BandNext { get; set; }

    /// <summary>Time that worker instances have spent on the job, hours; null: it was submitted before that was counted.</summary>
    [Id(32)] public double? InstanceHours { get; set; }

    /// <summary>Whether the job has ended, one way or another.</summary>
    public bool Ended => Phase is JobPhase.Completed or JobPhase.Cancelled or JobPhase.Failed;
}
