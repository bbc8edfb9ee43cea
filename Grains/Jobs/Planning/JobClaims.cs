namespace Parcae.Grains.Jobs.Planning;

/// <summary>Says what a job asks of its fleet.</summary>
internal static class JobClaims
{
    /// <summary>The claim of a job as it stands.</summary>
    /// <param name="job">The job.</param>
    /// <param name="fleet">The fleet, for what its past lets expect.</param>
    public static JobClaim Of(Job job, FleetSnapshot fleet)
    {
        var (state, spec) = (job.State, job.Spec);
        int held = job.Held.Count(r => r is { Info.Role: InstanceRole.Worker, Phase: not (InstancePhase.Draining or InstancePhase.Gone) });
        bool rooted = IsRooted(job), idle = state.Intent == JobIntent.Pause;
        int least = state.Outline is null ? 1 : job.Planner.MinInstances;
        return new JobClaim
        {
            JobId = job.Id,
            Sharing = spec.Sharing,
            SubmittedAt = state.SubmittedAt,
            // At rest, any of them may be the only one that has some layer.
            Least = rooted && state.WasPaused ? Math.Max(1, held) : least,
            Most = spec.Planning.MaxInstances ?? int.MaxValue,
            Worth = idle || state.Outline is null ? [] : job.Planner.Worth(fleet),
            Rooted = rooted,
            Idle = idle,
        };
    }

    /// <summary>Whether what the job has done is only on its workers.</summary>
    private static bool IsRooted(Job job) => job.Book.Committed > 0
        && (job.State.WasPaused || job.State.Halted ? job.State.Secured != job.Book.Committed : job.State.Plan is not { Vault.Length: > 0 });
}
