namespace Parcae.Grains.Fleet.Sharing;

/// <summary>
/// Divides a fleet's instances among its jobs. Priorities come first: a job gets its minimum and then all that it can use before one of a lower priority gets anything. Among equals instances go where they add most to
/// the sum of weight times the logarithm of each job's liveput: by its marginal liveput, in proportion to what the job has already, so that jobs of different models compare and nobody is starved.
/// </summary>
internal static class Shares
{
    /// <summary>Gain per instance, as part of a job's liveput, below which an instance counts as of no use.</summary>
    private const double Least = 1e-6;

    /// <summary>The shares.</summary>
    /// <param name="claims">What each job asks for.</param>
    /// <param name="instances">Usable worker instances.</param>
    /// <param name="held">How many of them each job holds, by its id.</param>
    /// <param name="quotas">The most that all jobs of a submitter may hold together, by submitter.</param>
    /// <returns>A share for every claim, 0 for who gets nothing.</returns>
    public static Dictionary<string, int> Divide(IEnumerable<JobClaim> claims, int instances, IReadOnlyDictionary<string, int> held, IReadOnlyDictionary<string, int> quotas)
    {
        var jobs = claims.OrderBy(c => c.SubmittedAt).ThenBy(c => c.JobId, StringComparer.Ordinal).Select(c => new Dealt(c, held.GetValueOrDefault(c.JobId))).ToArray();
        int left = instances;

        int Room(Dealt job)
        {
            int most = Math.Min(left, job.Claim.Most - job.Share);
            return quotas.TryGetValue(job.Claim.Sharing.Submitter, out int quota)
                ? Math.Min(most, quota - jobs.Where(j => j.Claim.Sharing.Submitter == job.Claim.Sharing.Submitter).Sum(j => j.Share))
                : most;
        }

        void Give(Dealt job, int more)
        {
            job.Share += more;
            left -= more;
        }

        // What is only there would be lost with them.
        foreach (var job in jobs.Where(j => j.Claim.Rooted)) Give(job, Math.Min(left, Math.Min(job.Claim.Least, job.Held)));
        foreach (var equals in jobs.GroupBy(j => j.Claim.Sharing.Priority).OrderByDescending(g => g.Key))
        {
            foreach (var job in equals.Where(j => !j.Claim.Idle))
            {
                if (job.Share < job.Minimum && Room(job) >= job.Minimum - job.Share) Give(job, job.Minimum - job.Share);
            }

            Dealt[] growing = [.. equals.Where(j => !j.Claim.Idle && j.Share >= j.Minimum)];
            while (growing.Select(j => (Job: j, Next: j.Next(Room(j)))).Where(j => j.Next.Each > Least).DefaultIfEmpty().MaxBy(j => j.Next.Each) is { Job: { } job } best) Give(job, best.Next.More);
        }

        // What helps nobody stays where it is, or serves as somebody's spare.
        foreach (var job in jobs) Give(job, Math.Max(0, Math.Min(Room(job), job.Held - job.Share)));
        foreach (var job in jobs.OrderBy(j => j.Claim.Idle).ThenByDescending(j => j.Share >= j.Minimum).ThenByDescending(j => j.Claim.Sharing.Priority)) Give(job, Math.Max(0, Room(job)));
        return jobs.ToDictionary(j => j.Claim.JobId, j => j.Share, StringComparer.Ordinal);
    }

    /// <summary>Expected samples per second with so many instances.</summary>
    public static double Worth(JobClaim claim, int instances) =>
        claim.Worth.Length == 0 ? Math.Max(instances, double.Epsilon) : Math.Max(claim.Worth[Math.Clamp(instances, 0, claim.Worth.Length - 1)], double.Epsilon);

    /// <summary>Whether two claims ask for the same, give or take what a forecast makes of it.</summary>
    public static bool Alike(JobClaim a, JobClaim b)
    {
        const double Tolerance = 0.02;
        return a with { Worth = b.Worth } == b && a.Worth.Length == b.Worth.Length && a.Worth.Zip(b.Worth).All(w => Math.Abs(w.First - w.Second) <= Tolerance * Math.Max(w.First, w.Second));
    }

    /// <summary>Why a job has no more, for people; empty when it has all there is, or all that it asks for.</summary>
    public static string Reason(IEnumerable<JobClaim> claims, IReadOnlyDictionary<string, int> shares, string jobId, int instances, IReadOnlyDictionary<string, int> quotas)
    {
        var mine = claims.First(c => c.JobId == jobId);
        int share = shares[jobId];
        if (share >= Math.Min(instances, mine.Most)) return "";
        string submitter = mine.Sharing.Submitter;
        int together = claims.Where(c => c.Sharing.Submitter == submitter).Sum(c => shares.GetValueOrDefault(c.JobId));
        if (quotas.TryGetValue(submitter, out int quota) && together >= quota) return $"the jobs of '{submitter}' hold the {quota} instances of their quota";
        var higher = claims.Where(c => c.Sharing.Priority > mine.Sharing.Priority && shares.GetValueOrDefault(c.JobId) > 0).Select(c => c.JobId).Order(StringComparer.Ordinal).ToArray();
        if (higher.Length > 0) return $"{string.Join(", ", higher)} of a higher priority {(higher.Length == 1 ? "comes" : "come")} first";
        int others = shares.Count(s => s.Value > 0 && s.Key != jobId);
        return $"{shares.Values.Sum() - share} of {instances} instances are the share of {(others == 1 ? "another job" : $"{others} other jobs")}";
    }
}
