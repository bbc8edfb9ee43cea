using Parcae.Grains.Storage;

namespace Parcae.Grains.Jobs;

/// <summary>What a job directory keeps.</summary>
[GenerateSerializer, Alias("parcae.JobDirectoryState")]
internal sealed class JobDirectoryState : IVersionedState
{
    /// <summary>Job ids, oldest first.</summary>
    [Id(0)] public List<string> Jobs { get; set; } = [];

    /// <inheritdoc/>
    [Id(1)] public int Schema { get; set; }
}

/// <summary>Keeps the ids of a fleet's jobs.</summary>
internal sealed class JobDirectoryGrain([PersistentState("jobs", ParcaeNames.Storage)] IPersistentState<JobDirectoryState> state) : Grain, IJobDirectoryGrain
{
    public override Task OnActivateAsync(CancellationToken cancellationToken)
    {
        StateSchema.Upgrade(state, $"the job directory of fleet '{this.GetPrimaryKeyString()}'", _ => { });
        return Task.CompletedTask;
    }

    public async Task Add(string jobId)
    {
        ArgumentException.ThrowIfNullOrWhiteSpace(jobId);
        if (state.State.Jobs.Contains(jobId)) return;
        state.State.Jobs.Add(jobId);
        try
        {
            await state.WriteStateAsync();
        }
        catch
        {
            DeactivateOnIdle();
            throw;
        }
    }

    public Task<string[]> List() => Task.FromResult(state.State.Jobs.ToArray());
}
