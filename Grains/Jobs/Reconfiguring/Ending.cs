namespace Parcae.Grains.Jobs.Reconfiguring;

/// <summary>Brings a job to rest because its user wants so, or because all is done.</summary>
internal static class Ending
{
    /// <summary>Stops at the next step boundary and keeps everything.</summary>
    public static async Task Pause(Job job)
    {
        var signals = job.Attempt = new AttemptSignals();
        try
        {
            var roster = await job.CallRoll();
            if (job.State.Plan is not null && !job.State.Halted)
                job.State.Secured = await Pausing.Secure(job, await Rest.Bring(job, roster, HaltMode.AtBoundary, signals), job.Options.VaultTimeout);
            await Pausing.Leave(job, "paused by the user");
        }
        finally
        {
            job.Attempt = null;
        }
    }

    /// <summary>
    /// Stops at the next step boundary, writes the final checkpoint, and gives all instances back. Returns whether the job is completed: not when state was lost
    /// on the way that has to be computed again first.
    /// </summary>
    public static async Task<bool> Complete(Job job)
    {
        var signals = job.Attempt = new AttemptSignals();
        try
        {
            string checkpoint = "without a checkpoint";
            if (job.State.Plan is not null)
            {
                var roster = await job.CallRoll();
                var rest = await Rest.Bring(job, roster, HaltMode.AtBoundary, signals);
                int version = rest.FindOrigin()?.Target.Version ?? 0;
                if (version < rest.Passed && (job.State.Intent != JobIntent.Finish || version == 0)) return false;
                job.Book.FallBack(version);
                checkpoint = await Checkpoint(job, rest, version);
                await Releasing.Release(job, rest.Generation, rest.Answered);
            }

            await End(job, JobPhase.Completed, $"step {job.Book.Committed} reached, {checkpoint}");
            return true;
        }
        finally
        {
            job.Attempt = null;
        }
    }

    /// <summary>Stops at once and gives all instances back.</summary>
    public static async Task Cancel(Job job)
    {
        var signals = job.Attempt = new AttemptSignals();
        try
        {
            if (job.State.Plan is not null)
            {
                var rest = await Rest.Bring(job, await job.CallRoll(), HaltMode.Now, signals);
                await Releasing.Release(job, rest.Generation, rest.Answered);
            }

            await End(job, JobPhase.Cancelled, "cancelled by the user");
        }
        finally
        {
            job.Attempt = null;
        }
    }

    private static async Task<string> Checkpoint(Job job, Rest rest, int version)
    {
        if (Situation.Shards(job, rest.Roster) is not [var writer, ..]) return "without a checkpoint: there is no state vault";
        await Pausing.Secure(job, rest, job.Options.PrepareTimeout);
        var call = job.Instance(writer.Peer.InstanceId).Checkpoint(job.Id);
        await call.CompletesWithin(job.Options.PrepareTimeout, job.Time);
        if (!call.IsCompletedSuccessfully) return $"without a checkpoint: {call.Failure()}";
        int written = await call;
        return written == version ? $"checkpoint of step {written}" : $"checkpoint of step {written} only";
    }

    /// <summary>Gives all instances back: the job can never be run.</summary>
    public static Task Fail(Job job, string reason) => End(job, JobPhase.Failed, reason);

    private static async Task End(Job job, JobPhase phase, string reason)
    {
        await job.Fleet.Return(job.Id);
        job.Held = [];
        job.Spares = [];
        job.Enter(phase, reason);
        await job.Save();
    }
}
