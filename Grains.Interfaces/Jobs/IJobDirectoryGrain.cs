namespace Parcae.Grains;

/// <summary>Ids of all jobs of a fleet, keyed by the fleet's name.</summary>
[Alias("parcae.IJobDirectoryGrain")]
public interface IJobDirectoryGrain : IGrainWithStringKey
{
    /// <summary>Adds a job; repeats are harmless.</summary>
    [Alias("Add")] Task Add(string jobId);

    /// <summary>All jobs, oldest first.</summary>
    [Alias("List")] Task<string[]> List();
}
