namespace Parcae.Grains.Jobs;

/// <summary>What a job does about plans that were made elsewhere.</summary>
internal sealed partial class JobGrain
{
    public async Task Follow(FollowedPlan? plan)
    {
        Existing();
        if (plan?.Problem() is { } problem) throw new ArgumentException($"Job '{_job.Id}' cannot follow the plan: {problem}.", nameof(plan));
        if (State.Ended) return;
        bool changed = plan is null ? _job.Following.Leave("it was told to") : _job.Following.Take(plan);
        if (!changed) return;
        await _store.Save();
        _reconciler.MarkDirty();
    }
}
