namespace Parcae.Grains;

/// <summary>Where a job is in its life.</summary>
public enum JobPhase
{
    /// <summary>Accepted; no generation has begun.</summary>
    Submitted,

    /// <summary>A new generation is being brought about; training stands still or is about to.</summary>
    Reconfiguring,

    /// <summary>A generation is training.</summary>
    Training,

    /// <summary>Too few instances for any feasible plan, or paused by a user; the state is kept and the job resumes by itself (or when told).</summary>
    Paused,

    /// <summary>All steps done; the final state is in a checkpoint.</summary>
    Completed,

    /// <summary>Ended by a user.</summary>
    Cancelled,

    /// <summary>Ended by an error that no reconfiguration can mend; the reason is in <see cref="JobStatus.Reason"/>.</summary>
    Failed,

    /// <summary>In lists only: its grain does not say; what is known is in <see cref="JobStatus.Reason"/>.</summary>
    Unknown,
}

/// <summary>What kind of change brought a generation about (the paper, section 6).</summary>
public enum MigrationKind
{
    /// <summary>The first generation.</summary>
    Start,

    /// <summary>After a pause, or from the vault or a checkpoint with nobody left.</summary>
    Resume,

    /// <summary>Only routes change: every instance keeps the stage it had.</summary>
    IntraStage,

    /// <summary>Same depth, but an instance takes over a stage that it did not hold.</summary>
    InterStage,

    /// <summary>The depth changes and layers move.</summary>
    Pipeline,
}

/// <summary>One committed generation, for reports.</summary>
[GenerateSerializer, Immutable, Alias("parcae.GenerationRecord")]
public sealed record GenerationRecord
{
    /// <summary>Number of the generation.</summary>
    [Id(0)] public required int Number { get; init; }

    /// <summary>What brought it about, for people: <c>i-0004 lost without notice</c>.</summary>
    [Id(1)] public required string Cause { get; init; }

    /// <summary>What kind of migration it was.</summary>
    [Id(2)] public required MigrationKind Kind { get; init; }

    /// <summary>D.</summary>
    [Id(3)] public required int Pipelines { get; init; }

    /// <summary>P.</summary>
    [Id(4)] public required int Depth { get; init; }

    /// <summary>The first step it runs.</summary>
    [Id(5)] public required int AtStep { get; init; }

    /// <summary>How long training stood still, milliseconds.</summary>
    [Id(6)] public required double PauseMilliseconds { get; init; }

    /// <summary>Time to bring every layer where it is needed, milliseconds.</summary>
    [Id(7)] public required double PrepareMilliseconds { get; init; }

    /// <summary>Bytes of state moved between peers (and from the vault or a checkpoint).</summary>
    [Id(8)] public required long BytesMoved { get; init; }

    /// <summary>Steps that had been committed and are run again, with the same batches.</summary>
    [Id(9)] public required int StepsReplayed { get; init; }

    /// <summary>When it was committed, by the control silo's clock.</summary>
    [Id(10)] public required DateTimeOffset At { get; init; }

    /// <summary>Expected samples per second of the plan over what may be preempted.</summary>
    [Id(11)] public required double Liveput { get; init; }

    /// <summary>Where the state came from: <c>shadows</c> that followed it ahead of the switch, <c>peers</c>, <c>vault</c>, <c>checkpoint</c>, <c>seed</c>, joined by <c>+</c>; or <c>in place</c>.</summary>
    [Id(12)] public required string Source { get; init; }

    /// <summary>Samples per second of the plan with nothing lost, as the planner expects; null: it was not kept then.</summary>
    [Id(13)] public double? Throughput { get; init; }

    /// <summary>Time of the control plane between the halt and the switch, milliseconds: planning again, assigning places, storing the generation, telling all to begin. Without <see cref="PrepareMilliseconds"/>; null: not known.</summary>
    [Id(14)] public double? CommitMilliseconds { get; init; }
}

/// <summary>One committed step.</summary>
/// <param name="Step">Its number, from 0.</param>
/// <param name="Loss">Mean cross-entropy per token over the global batch, nats; summed in micro-batch order in float64.</param>
/// <param name="GradientNorm">Global norm of the mean gradient before clipping.</param>
/// <param name="DataChecksum">Sum (mod 2^64) of a hash of every (sample number, its tokens) that went into the step.</param>
/// <param name="Samples">Samples of the step, counted where they were read.</param>
/// <param name="Seconds">Wall time of the step on the reporting worker.</param>
/// <param name="ValidationLoss">Mean validation loss of the version that the step began with, where it was measured.</param>
[GenerateSerializer, Immutable, Alias("parcae.StepResult")]
public readonly record struct StepResult(
    [property: Id(0)] int Step,
    [property: Id(1)] double Loss,
    [property: Id(2)] double GradientNorm,
    [property: Id(3)] ulong DataChecksum,
    [property: Id(4)] int Samples,
    [property: Id(5)] double Seconds,
    [property: Id(6)] double? ValidationLoss = null)
{
    /// <summary>Whether the gradient was not finite: the step counts and its samples are consumed, but it changed nothing.</summary>
    public bool Skipped => !double.IsFinite(GradientNorm);
}

/// <summary>Availability in one interval, with what had been forecast for it.</summary>
/// <param name="Interval">Number of the interval since the job began.</param>
/// <param name="Available">Usable instances at its end.</param>
/// <param name="Forecast">Mean of what was forecast for this interval one interval before.</param>
/// <param name="ForecastNext">Mean of the forecast for the next interval.</param>
/// <param name="Pipelines">D of the plan at its end; 0 when paused.</param>
/// <param name="Depth">P of the plan at its end; 0 when paused.</param>
/// <param name="Seconds">Seconds since the job began.</param>
/// <param name="ForecastLow">What was forecast to be reached with a chance of nine in ten; null: it was not kept then.</param>
/// <param name="ForecastHigh">What was forecast not to be exceeded with a chance of nine in ten; null: it was not kept then.</param>
/// <param name="CostUsd">Money spent by its end, USD; null: it was not kept then.</param>
/// <param name="InstanceHours">Time that worker instances had spent on the job by its end, hours; null: it was not kept then.</param>
[GenerateSerializer, Immutable, Alias("parcae.IntervalRecord")]
public readonly record struct IntervalRecord(
    [property: Id(0)] int Interval,
    [property: Id(1)] int Available,
    [property: Id(2)] double Forecast,
    [property: Id(3)] double ForecastNext,
    [property: Id(4)] int Pipelines,
    [property: Id(5)] int Depth,
    [property: Id(6)] double Seconds,
    [property: Id(7)] int? ForecastLow = null,
    [property: Id(8)] int? ForecastHigh = null,
    [property: Id(9)] double? CostUsd = null,
    [property: Id(10)] double? InstanceHours = null);

/// <summary>A forecast of usable instances for one interval.</summary>
/// <param name="Mean">Its mean.</param>
/// <param name="Low">Reached with a chance of nine in ten.</param>
/// <param name="High">Not exceeded with a chance of nine in ten.</param>
[GenerateSerializer, Immutable, Alias("parcae.ForecastBand")]
public readonly record struct ForecastBand([property: Id(0)] double Mean, [property: Id(1)] int Low, [property: Id(2)] int High);

/// <summary>Accounts of a job: every sample of every committed step exactly once.</summary>
[GenerateSerializer, Immutable, Alias("parcae.JobLedger")]
public sealed record JobLedger
{
    /// <summary>Samples in committed steps.</summary>
    [Id(0)] public long SamplesCommitted { get; init; }

    /// <summary>Samples of steps below the committed one that no report covers, or that a step's own count falls short of the global batch.</summary>
    [Id(1)] public long SamplesLost { get; init; }

    /// <summary>Samples that went into the committed state more than once.</summary>
    [Id(2)] public long SamplesRepeated { get; init; }

    /// <summary>Steps run again after falling back to an older version.</summary>
    [Id(3)] public int StepsReplayed { get; init; }

    /// <summary>Replayed steps whose loss or data differed from the first time: always 0 unless there is a bug.</summary>
    [Id(4)] public int ReplayMismatches { get; init; }

    /// <summary>Committed steps whose gradient was not finite: their samples are consumed, but they changed nothing.</summary>
    [Id(5)] public int StepsSkipped { get; init; }
}

/// <summary>A job as a client sees it.</summary>
[GenerateSerializer, Immutable, Alias("parcae.JobStatus")]
public sealed record JobStatus
{
    /// <summary>The job.</summary>
    [Id(0)] public required string JobId { get; init; }

    /// <summary>Where it is in its life.</summary>
    [Id(1)] public required JobPhase Phase { get; init; }

    /// <summary>Why it is in this phase, for people; null when there is nothing to say.</summary>
    [Id(2)] public string? Reason { get; init; }

    /// <summary>The current plan, or null.</summary>
    [Id(3)] public GenerationPlan? Plan { get; init; }

    /// <summary>Committed steps: steps 0 .. CommittedStep-1 are done.</summary>
    [Id(4)] public int CommittedStep { get; init; }

    /// <summary>Loss of the last committed step, or null.</summary>
    [Id(5)] public double? Loss { get; init; }

    /// <summary>Samples per second over the last seconds.</summary>
    [Id(6)] public double SamplesPerSecond { get; init; }

    /// <summary>The last generation's record, or null.</summary>
    [Id(7)] public GenerationRecord? LastReconfiguration { get; init; }

    /// <summary>The last interval's record, or null.</summary>
    [Id(8)] public IntervalRecord? LastInterval { get; init; }

    /// <summary>Instances without a stage, by id.</summary>
    [Id(9)] public string[] Spares { get; init; } = [];

    /// <summary>The accounts.</summary>
    [Id(10)] public JobLedger Ledger { get; init; } = new();

    /// <summary>Money spent so far on the instances that the job holds, USD.</summary>
    [Id(11)] public double CostUsd { get; init; }

    /// <summary>The model in a few words, or null before a worker has described it.</summary>
    [Id(12)] public string? Model { get; init; }

    /// <summary>Values that are trained, or null before a worker has described the model.</summary>
    [Id(13)] public long? Parameters { get; init; }

    /// <summary>The last validation loss that was measured, or null.</summary>
    [Id(14)] public double? ValidationLoss { get; init; }

    /// <summary>What each replica of the current generation told last of where its time goes, by stage, then instance.</summary>
    [Id(15)] public InstanceTiming[] StageTimings { get; init; } = [];

    /// <summary>How many worker instances the fleet lets the job use.</summary>
    [Id(17)] public int Share { get; init; }

    /// <summary>Why it is no more, for people; empty when the job has all there is.</summary>
    [Id(18)] public string ShareReason { get; init; } = "";

    /// <summary>The state vault that follows, or null: there is none, the job wants none, or it is left alone for now (the events say why).</summary>
    [Id(16)] public VaultStatus? Vault { get; init; }

    /// <summary>Sequence number of its last event.</summary>
    [Id(19)] public long LastEvent { get; init; }

    /// <summary>Its name, as submitted.</summary>
    [Id(20)] public string Name { get; init; } = "";

    /// <summary>Steps to train; null: until told to finish.</summary>
    [Id(21)] public int? Steps { get; init; }

    /// <summary>When it was submitted, by the control silo's clock.</summary>
    [Id(22)] public DateTimeOffset SubmittedAt { get; init; }

    /// <summary>Whether its user has paused it: it stands still until it is resumed, or is about to.</summary>
    [Id(23)] public bool PausedByUser { get; init; }

    /// <summary>Whether it has been told to finish or cancelled: it cannot be changed any more.</summary>
    [Id(24)] public bool IsEnding { get; init; }

    /// <summary>Time that worker instances have spent on it, hours; null: it was submitted before that was counted.</summary>
    [Id(25)] public double? InstanceHours { get; init; }

    /// <summary>What is forecast for the coming intervals, the one under way first; empty: not known yet.</summary>
    [Id(26)] public ForecastBand[] Forecast { get; init; } = [];

    /// <summary>Committed steps whose gradient was not finite: they count, but changed nothing.</summary>
    public int SkippedSteps => Ledger.StepsSkipped;
}

/// <summary>How far the state vault has come.</summary>
/// <param name="Instances">Those that hold its shards.</param>
/// <param name="Version">Steps applied to its copy, in the shard that is furthest behind; null: not all have said yet.</param>
/// <param name="Lag">Committed steps that its copy lacks: those would be run again if a whole stage were lost now. Null: not all have said yet.</param>
/// <param name="Checkpoint">The newest checkpoint that it has made durable since it began, or null.</param>
/// <param name="CheckpointFailure">Why its last attempt at a checkpoint failed, or null.</param>
[GenerateSerializer, Immutable, Alias("parcae.VaultStatus")]
public sealed record VaultStatus(
    [property: Id(5)] string[] Instances,
    [property: Id(1)] int? Version,
    [property: Id(2)] int? Lag,
    [property: Id(3)] int? Checkpoint,
    [property: Id(4)] string? CheckpointFailure);

/// <summary>Everything a report needs.</summary>
[GenerateSerializer, Immutable, Alias("parcae.JobHistory")]
public sealed record JobHistory
{
    /// <summary>The job as submitted.</summary>
    [Id(0)] public required JobSpec Spec { get; init; }

    /// <summary>Every generation, oldest first.</summary>
    [Id(1)] public required GenerationRecord[] Generations { get; init; }

    /// <summary>Committed steps from the one asked for on, in order.</summary>
    [Id(2)] public required StepResult[] Steps { get; init; }

    /// <summary>Every interval, oldest first.</summary>
    [Id(3)] public required IntervalRecord[] Intervals { get; init; }

    /// <summary>The accounts.</summary>
    [Id(4)] public required JobLedger Ledger { get; init; }

    /// <summary>The model as a worker described it, or null before.</summary>
    [Id(5)] public ModelOutline? Outline { get; init; }

    /// <summary>When the job was submitted, by the control silo's clock.</summary>
    [Id(6)] public DateTimeOffset SubmittedAt { get; init; }

    /// <summary>When this was so, by the same clock.</summary>
    [Id(7)] public DateTimeOffset At { get; init; }
}

/// <summary>Something that happened to a job.</summary>
/// <param name="Sequence">Grows by one with each event of a job, from 1.</param>
/// <param name="At">When, by the control silo's clock.</param>
/// <param name="Message">For people.</param>
[GenerateSerializer, Immutable, Alias("parcae.JobEvent")]
public sealed record JobEvent([property: Id(0)] long Sequence, [property: Id(1)] DateTimeOffset At, [property: Id(2)] string Message);
