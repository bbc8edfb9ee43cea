namespace Parcae.Grains.Jobs.Reconfiguring;

/// <summary>Frees what instances hold for a job that they have no place in any more.</summary>
internal static class Releasing
{
    /// <summary>Tells the instances to forget the job. One that does not answer keeps memory it should not; that is all that it can do, for it is fenced.</summary>
    public static async Task Release(Job job, IEnumerable<string> instances) => await Task.WhenAll(instances.Select(async id =>
    {
        var call = job.Instance(id).Release(job.Id);
        await call.CompletesWithin(job.Options.HaltTimeout, job.Time);
        if (!call.IsCompletedSuccessfully) job.Tell($"{id} did not release the job ({call.Failure()})");
    }));
}
