using System.Diagnostics;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using Orleans.Concurrency;
using Orleans.Storage;
using Orleans.Streams;
using Parcae.Grains.Hosting;
using Parcae.Grains.Storage;
using Parcae.Grains.Telemetry;

namespace Parcae.Grains.Fleet;

/// <summary>
/// Makes every change durable before anyone hears of it, then publishes it and passes it on to the instance's own grain, both in order and in the background: the log is the truth, the stream and the instance grains
/// follow. Reentrant, so that what comes at once is written at once; whoever asks is answered when all that he could see is durable.
/// </summary>
[Reentrant]
internal sealed partial class FleetGrain : Grain, IFleetGrain
{
    /// <summary>Instances' grains that are told at once.</summary>
    private const int Lanes = 16;

    private readonly IPersistentState<FleetState> _stored;
    private readonly ChunkedList<FleetEntry> _journal;
    private readonly FleetOptions _options;
    private readonly ISiloStatusOracle _membership;
    private readonly TimeProvider _time;
    private readonly ILogger<FleetGrain> _logger;
    private readonly Turns _publishing = new();
    private readonly Turns[] _updating = [.. Enumerable.Range(0, Lanes).Select(_ => new Turns())];
    private FleetBook _book = null!;
    private FleetStore _store = null!;
    private DateTimeOffset _activatedAt;

    public FleetGrain(
        [PersistentState("fleet", ParcaeNames.Storage)] IPersistentState<FleetState> stored,
        IGrainContext context,
        IServiceProvider services,
        IOptions<FleetOptions> options,
        ISiloStatusOracle membership,
        TimeProvider time,
        ILogger<FleetGrain> logger)
    {
        (_stored, _options, _membership, _time, _logger) = (stored, options.Value, membership, time, logger);
        _journal = new ChunkedList<FleetEntry>(services.GetRequiredKeyedService<IGrainStorage>(ParcaeNames.Storage), context.GrainId, "journal", FleetStore.ChunkLength);
    }

    private DateTimeOffset Now => _time.GetUtcNow();

    public override async Task OnActivateAsync(CancellationToken cancellationToken)
    {
        // A log in the state itself, as it was once, is not taken over: a reader that misses events of it looks at the instances.
        StateSchema.Upgrade(_stored, $"fleet '{this.GetPrimaryKeyString()}'", state => state.Log.Clear());
        _book = new FleetBook(_stored.State.Copy(_stored.State.Applied, _stored.State.JournalFirst), _options);
        _store = new FleetStore(_stored, _journal, _book, _options.LogLength, Tell);
        await _store.Load();
        _activatedAt = Now;
        this.RegisterGrainTimer(Watch, new GrainTimerCreationOptions(_options.CheckPeriod, _options.CheckPeriod) { KeepAlive = true });
    }

    public async Task<bool> Join(InstanceInfo info)
    {
        ArgumentNullException.ThrowIfNull(info);
        ArgumentException.ThrowIfNullOrWhiteSpace(info.Id);
        if (_book.Find(info.Id) is { } known && known.Info == info) return false;

        // First: an event about an instance that takes no commands yet would fail whoever reacts to it.
        await Instance(info.Id).Register(info);
        _book.Roll(Now);
        bool news = _book.Join(info, Now, Activity.Current?.Id);
        await Commit();
        return news;
    }

    public Task Notice(string instanceId, TimeSpan remaining, string reason)
    {
        _book.Roll(Now);
        _book.Notice(instanceId, remaining, reason, Now, Activity.Current?.Id);
        return Commit();
    }

    public Task Lost(string instanceId, string reason, int incarnation)
    {
        _book.Roll(Now);
        _book.Lose(instanceId, reason, Now, Activity.Current?.Id, incarnation);
        return Commit();
    }

    public async Task<FleetSnapshot> Snapshot()
    {
        _book.Roll(Now);
        await Commit();
        return _book.Snapshot();
    }

    public async Task<AvailabilityEvent[]> ReadLog(long sequence, int max)
    {
        await Commit();
        return _book.ReadLog(sequence, max);
    }

    public async Task<FleetLease> Claim(JobClaim claim)
    {
        ArgumentNullException.ThrowIfNull(claim);
        ArgumentException.ThrowIfNullOrWhiteSpace(claim.JobId);
        var lease = _book.Claim(claim, Now);
        await Commit();
        return lease;
    }

    public Task GiveBack(string jobId, string[] instances)
    {
        ArgumentNullException.ThrowIfNull(instances);
        _book.GiveBack(jobId, instances, Now);
        return Commit();
    }

    public Task Return(string jobId)
    {
        _book.Return(jobId, Now);
        return Commit();
    }

    private IInstanceGrain Instance(string id) => GrainFactory.GetGrain<IInstanceGrain>(id);

    /// <summary>Closes intervals and declares instances lost whose silo has left the cluster.</summary>
    private async Task Watch(CancellationToken cancellation)
    {
        bool changed = _book.Roll(Now);
        foreach (var record in _book.State.Instances.Values.ToArray())
        {
            if (Departed(record) is { } status) changed |= _book.Lose(record.Info.Id, $"its silo is {status}", Now, Activity.Current?.Id, record.Info.DataPlane.Incarnation);
        }

        if (changed) await Commit();
    }

    /// <summary>The status for which the instance counts as gone, or null.</summary>
    private string? Departed(InstanceRecord record)
    {
        var status = _membership.GetApproximateSiloStatus(record.Info.Silo);
        if (status.IsTerminating()) return status.ToString();
        if (status != SiloStatus.None) return null;

        // Unknown: either so new that this silo has not heard of it, or so long gone that its row was cleaned up.
        var since = record.JoinedAt > _activatedAt ? record.JoinedAt : _activatedAt;
        return Now - since > _options.UnknownSiloGrace ? "not a member" : null;
    }

    /// <summary>Makes all that has happened durable.</summary>
    private async Task Commit()
    {
        try
        {
            await _store.Save();
        }
        catch
        {
            // What is not durable must not be believed: the next activation reads what was stored.
            DeactivateOnIdle();
            throw;
        }
    }

    /// <summary>Has the stream and the instances' grains follow what is durable now.</summary>
    private void Tell(FleetEntry entry)
    {
        foreach (var e in entry.Events)
        {
            LogEvent(e.Sequence, e.Kind, e.InstanceId, e.Reason);
            if (e is { Kind: AvailabilityKind.Lost, Role: InstanceRole.Worker })
                ParcaeTelemetry.Preemptions.Add(1, new KeyValuePair<string, object?>("noticed", e.Announced));
            Follow(_publishing, () => Publish(e));
        }

        // Each instance hears of itself in order; they need not wait for each other.
        foreach (var record in entry.Gone.Concat(entry.Instances))
            Follow(_updating[(uint)StringComparer.Ordinal.GetHashCode(record.Info.Id) % Lanes], () => Instance(record.Info.Id).Update(record));
        ParcaeTelemetry.InstancesAvailable.Record(_book.Available, new KeyValuePair<string, object?>("fleet", this.GetPrimaryKeyString()));
    }

    private Task Publish(AvailabilityEvent e) => this.GetStreamProvider(ParcaeNames.StreamProvider)
        .GetStream<AvailabilityEvent>(StreamId.Create(ParcaeNames.AvailabilityNamespace, this.GetPrimaryKeyString()))
        .OnNextAsync(e);

    /// <summary>Runs <paramref name="action"/> after the earlier ones of its kind, without anyone waiting for it.</summary>
    private void Follow(Turns kind, Func<Task> action) => _ = kind.Run(async () =>
    {
        try
        {
            await action();
        }
        catch (Exception e)
        {
            LogFollowFailed(e);
        }
    });

    [LoggerMessage(LogLevel.Information, "Event {Sequence}: {Kind} {InstanceId} ({Reason})")]
    private partial void LogEvent(long sequence, AvailabilityKind kind, string instanceId, string reason);

    [LoggerMessage(LogLevel.Warning, "An availability event could not be passed on; readers of the log are not affected")]
    private partial void LogFollowFailed(Exception exception);
}
