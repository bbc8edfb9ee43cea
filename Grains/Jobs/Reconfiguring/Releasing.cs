namespace Parcae.Grains.Jobs.Reconfiguring;

/// <summary>Frees what instances hold for a job that they have no place in any more.</summary>
internal static class Releasing
{
    /// <summary>Tells the instances to forget the job. One that does not answer keeps memory it should not; that is all that it can do, for it is fenced.</summary>
    /// <param name="job">The job.</param>
    /// <param name="generation">For which generation they were asked what they hold: when they hear of a later one first, this is void.</param>
    /// <param name="instances">The instances.</param>
    public static async Task Release(Job job, int generation, IEnumerable<string> instances) => await Task.WhenAll(instances.Select(async id =>
    {
        var call = job.Instance(id).Release(job.Id, generation);
        await call.CompletesWithin(job.Options.HaltTimeout, job.Time);
        if (!call.IsCompletedSuccessfully) job.Tell($"{id} did not release the job ({call.Failure()})");
    }));
}
