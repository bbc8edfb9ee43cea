namespace Parcae.Grains;

/// <summary>
/// One training job, keyed by its id. Consumes the availability stream, runs the liveput optimizer each interval and on each event,
/// and commits generations. Its state is durable: re-activated anywhere, it asks its workers what they did and carries on.
/// </summary>
[Alias("parcae.IJobGrain")]
public interface IJobGrain : IGrainWithStringKey
{
    /// <summary>Accepts the job and begins as soon as there are instances. Submitting the same spec again changes nothing.</summary>
    /// <exception cref="ArgumentException">The spec has problems (all are named), or the job exists with another spec.</exception>
    [Alias("Submit")] Task Submit(JobSpec spec);

    /// <summary>The job as it is now.</summary>
    [Alias("Status")] Task<JobStatus> Status();

    /// <summary>Spec, generations, intervals, and committed steps from <paramref name="fromStep"/> on.</summary>
    [Alias("History")] Task<JobHistory> History(int fromStep);

    /// <summary>Events after <paramref name="sequence"/>, oldest first.</summary>
    [Alias("Events")] Task<JobEvent[]> Events(long sequence);

    /// <summary>How a generation came about, or null: there was none of that number, or it was not kept.</summary>
    [Alias("Reconfiguration")] Task<ReconfigurationRecord?> Reconfiguration(int generation);

    /// <summary>Stops at the next step boundary and keeps the state until <see cref="Resume"/>.</summary>
    [Alias("Pause")] Task Pause();

    /// <summary>Takes a user's pause back.</summary>
    [Alias("Resume")] Task Resume();

    /// <summary>Stops and releases every instance.</summary>
    [Alias("Cancel")] Task Cancel();

    /// <summary>
    /// Follows a plan's strategies instead of planning, each in its interval; one that cannot be run with what is there is fitted to it, which the events tell. Null: plans by itself again, as when the plan is over or its lease ends.
    /// A repeat under the plan's id renews the lease and changes nothing else. A job that has ended follows nothing.
    /// </summary>
    /// <exception cref="ArgumentException">The plan is not valid; the message says why.</exception>
    [Alias("Follow")] Task Follow(FollowedPlan? plan);

    /// <summary>Completes the job at the next step boundary: the state is checkpointed, instances are released.</summary>
    [Alias("Finish")] Task Finish();

    /// <summary>
    /// From workers: steps committed. Repeats are harmless. Off the training path: a worker batches what it has a few times a second, and calls with
    /// an empty report at least once a second, which also re-activates the grain after the loss of its silo.
    /// </summary>
    /// <returns>What is current and recorded: a worker of an older generation stops, and every report begins with the first step that is not recorded yet.</returns>
    [Alias("ReportSteps")] Task<StepAck> ReportSteps(StepReport report);

    /// <summary>From workers: a peer's connection broke and the step was abandoned.</summary>
    [Alias("ReportBroken")] Task ReportBroken(BrokenReport report);
}

/// <summary>Steps that a worker saw committed.</summary>
/// <param name="InstanceId">Who reports.</param>
/// <param name="Generation">Its generation.</param>
/// <param name="Results">In order of step; may be empty.</param>
/// <param name="Timing">Where its time has gone in this generation, or null when it does not say.</param>
[GenerateSerializer, Immutable, Alias("parcae.StepReport")]
public sealed record StepReport(
    [property: Id(0)] string InstanceId,
    [property: Id(1)] int Generation,
    [property: Id(2)] StepResult[] Results,
    [property: Id(3)] StageTiming? Timing = null);

/// <summary>The answer to a report of steps.</summary>
/// <param name="Generation">The generation that is current; a worker of an older one stops.</param>
/// <param name="CommittedStep">Results of the steps below are recorded durably. Whatever a worker knows from this step on belongs in its next report, sent before or not.</param>
[GenerateSerializer, Immutable, Alias("parcae.StepAck")]
public readonly record struct StepAck([property: Id(0)] int Generation, [property: Id(1)] int CommittedStep);

/// <summary>A connection that broke in the middle of training, or a replica that fails or hangs by itself.</summary>
/// <param name="InstanceId">Who reports.</param>
/// <param name="Generation">Its generation.</param>
/// <param name="PeerInstanceId">The peer at the other end; <paramref name="InstanceId"/> where it is about itself.</param>
/// <param name="Refused">Whether the peer's port refused a fresh connection: strong evidence that its process is gone.</param>
/// <param name="Message">What was seen.</param>
[GenerateSerializer, Immutable, Alias("parcae.BrokenReport")]
public sealed record BrokenReport(
    [property: Id(0)] string InstanceId,
    [property: Id(1)] int Generation,
    [property: Id(2)] string PeerInstanceId,
    [property: Id(3)] bool Refused,
    [property: Id(4)] string Message);
