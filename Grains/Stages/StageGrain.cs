using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using Orleans.Concurrency;
using Parcae.Grains.Hosting;
using Parcae.Grains.Jobs.Reconfiguring;

namespace Parcae.Grains.Stages;

/// <summary>What a stage grain keeps.</summary>
[GenerateSerializer, Alias("parcae.StageState")]
internal sealed class StageState
{
    /// <summary>The stage as recorded last.</summary>
    [Id(0)] public StageRecord Record { get; set; } = new();
}

/// <summary>Prepares the replicas of one stage. Reentrant, so that a preparation that hangs never keeps the next generation waiting.</summary>
[Reentrant]
internal sealed partial class StageGrain(
    [PersistentState("stage", ParcaeNames.Storage)] IPersistentState<StageState> state,
    IOptions<JobOptions> options,
    TimeProvider time,
    ILogger<StageGrain> logger) : Grain, IStageGrain
{
    private readonly Turns _writing = new();

    public async Task<ReplicaOutcome[]> Prepare(StagePreparation preparation)
    {
        ArgumentNullException.ThrowIfNull(preparation);
        int stage = Stage();
        var plan = preparation.Plan;
        var outcomes = await Task.WhenAll(plan.Places.Where(p => p.Stage == stage).Select(p => Prepare(p, preparation)));
        await Keep(new StageRecord
        {
            Generation = plan.Generation,
            Layers = plan.Stages[stage],
            Replicas = [.. outcomes.Where(o => o.Report is not null).Select(o => new ReplicaVersion(o.InstanceId, plan.StartStep))],
        });
        return outcomes;
    }

    public Task<StageRecord> Record() => Task.FromResult(state.State.Record);

    private async Task<ReplicaOutcome> Prepare(Place place, StagePreparation preparation)
    {
        var (plan, id) = (preparation.Plan, place.Peer.InstanceId);
        var command = new PrepareCommand
        {
            Plan = plan,
            Spec = preparation.Spec,
            Salt = preparation.Salt,
            Finish = preparation.Finish,
            Sources = LayerSources.For(plan.Stages[place.Stage].ToArray(), preparation.Holders, plan.Vault, id, place.Pipeline),
        };
        try
        {
            var report = await Relays.Order(() => GrainFactory.GetGrain<IInstanceGrain>(id).Prepare(command), time).WaitAsync(options.Value.PrepareTimeout, time);
            return new ReplicaOutcome(id, report, null);
        }
        catch (Exception e)
        {
            // The outcome tells the job, which decides what a failed replica means.
            LogReplicaFailed(e, id, plan.Generation);
            return new ReplicaOutcome(id, null, e.Failure(), Unheard: e is OrleansMessageRejectionException);
        }
    }

    private Task Keep(StageRecord record) => _writing.Run(async () =>
    {
        // A preparation that was overtaken by a newer generation's has nothing more to say.
        if (state.State.Record.Generation > record.Generation) return;
        state.State.Record = record;
        try
        {
            await state.WriteStateAsync();
        }
        catch (Exception e)
        {
            LogNotRecorded(e, record.Generation);
            DeactivateOnIdle();
        }
    });

    private int Stage()
    {
        string key = this.GetPrimaryKeyString();
        int slash = key.LastIndexOf('/');
        return slash > 0 && int.TryParse(key.AsSpan(slash + 1), out int stage)
            ? stage
            : throw new ArgumentException($"'{key}' is not the key of a stage; it must be jobId/stage.");
    }

    [LoggerMessage(LogLevel.Warning, "{InstanceId} could not prepare generation {Generation}")]
    private partial void LogReplicaFailed(Exception exception, string instanceId, int generation);

    [LoggerMessage(LogLevel.Warning, "The stage's record for generation {Generation} was not saved; the generation's plan is kept by its job")]
    private partial void LogNotRecorded(Exception exception, int generation);
}
