using Parcae.Grains.Jobs.Planning;
using Parcae.Grains.Stages;
using Parcae.Liveput;

namespace Parcae.Grains.Jobs.Reconfiguring;

/// <summary>How a planned change was prepared while training went on.</summary>
internal enum ShadowingOutcome
{
    /// <summary>As far as it could be: now is the time to halt.</summary>
    Ready,

    /// <summary>Something has happened that may call for another plan; what has been followed so far is not lost.</summary>
    Overtaken,
}

/// <summary>
/// Prepares a planned change while training goes on: whoever will need layers that it does not hold follows them as shadow replicas, so that after the halt nothing is left to
/// transfer and the pause does not depend on the size of the state. What fails here costs nothing but time: the preparation after the halt brings whatever is missing.
/// </summary>
internal sealed class Shadowing(Job job, Roster roster, AttemptSignals signals, ReconfigurationTrace trace, ReconfigurationNotes notes)
{
    private readonly HashSet<(string InstanceId, int Layer)> _followed = [];

    /// <summary>Bytes that the shadows have received.</summary>
    public long Bytes { get; private set; }

    /// <summary>How long training went on meanwhile.</summary>
    public TimeSpan Took { get; private set; }

    /// <summary>Whether an instance has followed a layer.</summary>
    public bool Has(string instanceId, int layer) => _followed.Contains((instanceId, layer));

    /// <summary>Has all of them follow, and waits until they have caught up, as long as there is time.</summary>
    /// <param name="strategy">Where the job is going.</param>
    /// <param name="news">Completes when something happens.</param>
    public async Task<ShadowingOutcome> Run(Strategy strategy, Task news)
    {
        if (strategy.IsPause || job.State.Plan is not { } current || Limit() is not { } limit) return ShadowingOutcome.Ready;
        var commands = Commands(current, strategy).ToArray();
        if (commands.Length == 0) return ShadowingOutcome.Ready;
        using var span = trace.Child("prepare")?.SetTag("shadow", true);
        using var phase = notes.Phase("follow");
        long start = job.Time.GetTimestamp();
        job.Tell($"{string.Join(", ", commands.Select(c => $"{c.InstanceId} follows {Layers(c.Command)}"))}, to be ready for {strategy}");
        var calls = commands.ToDictionary(c => c.InstanceId, c => job.Instance(c.InstanceId).Shadow(c.Command));
        var all = Task.WhenAll(calls.Values);
        await Task.WhenAny(all, signals.Urgent, news).CompletesWithin(limit, job.Time);
        Took = job.Time.GetElapsedTime(start);
        if (!all.IsCompleted && (news.IsCompleted || signals.Urgent.IsCompleted)) return ShadowingOutcome.Overtaken;
        bool withoutVault = false;
        foreach (var (id, command) in commands)
        {
            var call = calls[id];
            if (call.IsCompletedSuccessfully)
            {
                var report = await call;
                Bytes += report.BytesReceived;
                notes.Moved(id, report.From, report.BytesReceived, report.Milliseconds, ahead: true);
                _followed.UnionWith(command.Sources.Select(s => (id, s.Layer)));
            }
            else if (roster.Vault.Any(r => r.Info.Id == id))
            {
                // Not worth a halt for its sake, nor one that waits for it.
                job.LeaveVault($"{id} could not follow ({call.Failure()})");
                withoutVault = true;
            }
            else
            {
                job.Tell($"{id} could not follow in time ({call.Failure()}); what it lacks is brought when training has stopped");
            }
        }

        span?.SetTag("bytes", Bytes);
        return withoutVault ? ShadowingOutcome.Overtaken : ShadowingOutcome.Ready;
    }

    /// <summary>How long training may go on under the old plan; null: not at all. Those who leave must be out of the plan before they are gone.</summary>
    private TimeSpan? Limit()
    {
        var leaving = Situation.Leaving(job, roster);
        var deadlines = roster.Draining.Where(r => leaving.Contains(r.Info.Id)).Select(r => r.Deadline).OfType<DateTimeOffset>().ToArray();
        if (deadlines.Length == 0) return job.Options.ShadowTimeout;
        var left = deadlines.Min() - job.Now - job.Options.NoticeReserve;
        if (left <= TimeSpan.Zero) return null;
        return left < job.Options.ShadowTimeout ? left : job.Options.ShadowTimeout;
    }

    private IEnumerable<(string InstanceId, ShadowCommand Command)> Commands(GenerationPlan current, Strategy strategy)
    {
        bool Holds(string id, int layer) =>
            (current.Of(id) is { } place && current.Stages[place.Stage].Contains(layer)) || current.ShardOf(id)?.Layers.Contains(layer) == true;
        var stages = job.Planner.Partition(strategy.Depth);
        var places = Situation.Assign(job, roster, strategy, stages, Holds, current);
        var holders = Enumerable.Range(0, job.Outline.Layers.Length)
            .Select(layer => current.Places.Where(p => current.Stages[p.Stage].Contains(layer)).Select(p => p.Peer).ToArray()).ToArray();
        var needs = places.Select(p => (p.Peer.InstanceId, Layers: stages[p.Stage].ToArray(), Turn: p.Pipeline, Stage: (int?)p.Stage))
            .Concat(Situation.Shards(job, roster).Select((s, turn) => (s.Peer.InstanceId, s.Layers, turn, (int?)null)));
        foreach (var (id, layers, turn, stage) in needs)
        {
            var lacking = LayerSources.For(layers, holders, [], id, turn).Where(s => !Holds(id, s.Layer)).ToArray();
            if (lacking.Length == 0) continue;
            yield return (id, new ShadowCommand
            {
                JobId = job.Id,
                Generation = current.Generation,
                Spec = job.Spec,
                Salt = job.State.Salt,
                Sources = lacking,
                Pipelines = strategy.Pipelines,
                Stage = stage,
            });
        }
    }

    private static string Layers(ShadowCommand command)
    {
        int[] layers = [.. command.Sources.Select(s => s.Layer)];
        if (layers is [var only]) return $"layer {only}";
        var runs = layers.Where(l => !layers.Contains(l - 1)).Zip(layers.Where(l => !layers.Contains(l + 1)), (first, last) => first == last ? $"{first}" : $"{first} to {last}");
        return $"layers {string.Join(", ", runs)}";
    }
}
