using Parcae.Grains.Stages;

namespace Parcae.Grains.Jobs.Reconfiguring;

/// <summary>Brings the state of a plan to where it is needed.</summary>
internal sealed class Preparation
{
    private readonly Job _job;
    private readonly GenerationPlan _plan;
    private readonly Origin _origin;
    private readonly PeerEndpoint[][] _holders;

    /// <summary>A preparation.</summary>
    /// <param name="job">The job.</param>
    /// <param name="plan">The plan.</param>
    /// <param name="origin">Where it begins.</param>
    /// <param name="endpoints">The data plane of everyone who holds anything.</param>
    public Preparation(Job job, GenerationPlan plan, Origin origin, IReadOnlyDictionary<string, PeerEndpoint> endpoints)
    {
        (_job, _plan, _origin) = (job, plan, origin);
        var target = origin.Target;

        // Someone without a place may leave at any time, and has to be asked to finish the step on top of it: only where there is nobody else.
        bool Awkward(string id) => plan.Of(id) is null && plan.ShardOf(id) is null && target.Finishers.Contains(id);
        _holders = [.. target.Holders.Select(ids => (ids.All(Awkward) ? ids : ids.Where(id => !Awkward(id))).Select(id => endpoints[id]).ToArray())];
        Helpers = [.. _holders.SelectMany(h => h).Select(h => h.InstanceId).Where(Awkward).Distinct()];
    }

    /// <summary>Instances without a place or a shard that must finish a step for the others.</summary>
    public string[] Helpers { get; }

    /// <summary>Has every replica prepare, stage by stage. One outcome per replica and helper; never throws for them.</summary>
    public async Task<ReplicaOutcome[]> Replicas()
    {
        var request = new StagePreparation
        {
            Plan = _plan,
            Spec = _job.Spec,
            Salt = _job.State.Salt,
            Finish = _origin.Target.Finish,
            Holders = _holders,
        };
        var stages = Enumerable.Range(0, _plan.Depth).Select(async stage =>
        {
            try
            {
                return await Relays.Order(() => _job.Stage(stage).Prepare(request), _job.Time);
            }
            catch (Exception e)
            {
                // The stage's own grain failed, or was out of reach: nothing is known of its replicas.
                return _plan.Places.Where(p => p.Stage == stage).Select(p => new ReplicaOutcome(p.Peer.InstanceId, null, e.Failure(), Unheard: true));
            }
        });
        var helpers = Helpers.Select(async id =>
        {
            var call = Prepare(id, [], 0, null);
            await call.CompletesWithin(_job.Options.PrepareTimeout, _job.Time);
            return call.IsCompletedSuccessfully ? new ReplicaOutcome(id, await call, null) : new ReplicaOutcome(id, null, call.Failure());
        });
        var outcomes = await Task.WhenAll(stages);
        return [.. outcomes.SelectMany(o => o), .. await Task.WhenAll(helpers)];
    }

    /// <summary>Has the state vault prepare, each instance the layers of its shard; and the one that restores a checkpoint, with a shard or without.</summary>
    public Dictionary<string, Task<PrepareReport>> Vault()
    {
        var calls = _plan.Vault.Select((shard, turn) => (shard.Peer.InstanceId, shard.Layers, Turn: turn)).ToList();
        if (_origin.Checkpoint is { InstanceId: var restorer } && _plan.ShardOf(restorer) is null) calls.Add((restorer, [], 0));
        return calls.ToDictionary(c => c.InstanceId, c => Prepare(c.InstanceId, c.Layers, c.Turn, c.InstanceId == _origin.Checkpoint?.InstanceId ? _origin.Checkpoint.Version : null));
    }

    /// <summary>Has one instance finish its open step in its place, so that it can serve its layers.</summary>
    public Task<PrepareReport> Holder(string instanceId) =>
        _plan.Of(instanceId) is { } place
            ? Prepare(instanceId, _plan.Stages[place.Stage].ToArray(), place.Pipeline, null)
            : Prepare(instanceId, [], 0, null);

    private Task<PrepareReport> Prepare(string instanceId, int[] layers, int turn, int? checkpoint) => _job.Instance(instanceId).Prepare(new PrepareCommand
    {
        Plan = _plan,
        Spec = _job.Spec,
        Salt = _job.State.Salt,
        Finish = _origin.Target.Finish,
        Sources = LayerSources.For(layers, _holders, _plan.Vault, instanceId, turn),
        RestoreCheckpoint = checkpoint,
    });
}
