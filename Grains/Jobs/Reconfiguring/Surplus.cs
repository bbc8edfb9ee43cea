namespace Parcae.Grains.Jobs.Reconfiguring;

/// <summary>What a job holds beyond its share of the fleet.</summary>
internal static class Surplus
{
    /// <summary>Gives back, the newest first, what the job does without: instances that have no place in the plan that is training. Nothing where it holds no more than its share.</summary>
    public static async Task GiveBack(Job job, Roster roster)
    {
        bool training = !job.State.WasPaused;
        var idle = roster.Usable.Where(r => !(training && job.IsMember(r.Info.Id))).OrderByDescending(r => r.JoinedAt).ThenByDescending(r => r.Info.Id, StringComparer.Ordinal);
        string[] ids = [.. idle.Take(Math.Max(0, roster.Usable.Length - roster.Share)).Select(r => r.Info.Id)];
        if (ids.Length == 0) return;
        await Releasing.Release(job, job.State.Attempted, ids);
        await job.Fleet.GiveBack(job.Id, ids);
        job.Held = [.. job.Held.Where(r => !ids.Contains(r.Info.Id))];
        job.Spares = [.. job.Spares.Except(ids)];
        job.Tell($"gives back {string.Join(", ", ids)}{(roster.ShareReason.Length > 0 ? $": {roster.ShareReason}" : "")}");
    }
}
