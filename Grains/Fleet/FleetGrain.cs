using System.Diagnostics;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using Orleans.Streams;
using Parcae.Grains.Hosting;
using Parcae.Grains.Telemetry;

namespace Parcae.Grains.Fleet;

/// <summary>
/// Makes every change durable before anyone hears of it, then publishes it and passes it on to the instance's own grain, both in order and in the
/// background: the log is the truth, the stream and the instance grains follow.
/// </summary>
internal sealed partial class FleetGrain(
    [PersistentState("fleet", ParcaeNames.Storage)] IPersistentState<FleetState> state,
    IOptions<FleetOptions> options,
    ISiloStatusOracle membership,
    TimeProvider time,
    ILogger<FleetGrain> logger) : Grain, IFleetGrain
{
    private readonly FleetOptions _options = options.Value;
    private FleetBook _book = null!;
    private readonly Turns _publishing = new(), _updating = new();
    private DateTimeOffset _activatedAt;

    private DateTimeOffset Now => time.GetUtcNow();

    public override Task OnActivateAsync(CancellationToken cancellationToken)
    {
        _book = new FleetBook(state.State, _options);
        _activatedAt = Now;
        this.RegisterGrainTimer(Watch, new GrainTimerCreationOptions(_options.CheckPeriod, _options.CheckPeriod) { KeepAlive = true });
        return Task.CompletedTask;
    }

    public async Task Join(InstanceInfo info)
    {
        ArgumentNullException.ThrowIfNull(info);
        ArgumentException.ThrowIfNullOrWhiteSpace(info.Id);

        // First: an event about an instance that takes no commands yet would fail whoever reacts to it.
        await Instance(info.Id).Register(info);
        _book.Roll(Now);
        await Commit(_book.Join(info, Now, Activity.Current?.Id));
    }

    public async Task Notice(string instanceId, TimeSpan remaining, string reason)
    {
        _book.Roll(Now);
        if (_book.Notice(instanceId, remaining, reason, Now, Activity.Current?.Id) is { } noticed) await Commit([noticed]);
    }

    public async Task Lost(string instanceId, string reason)
    {
        _book.Roll(Now);
        if (_book.Lose(instanceId, reason, Now, Activity.Current?.Id) is { } lost) await Commit([lost]);
    }

    public Task<FleetSnapshot> Snapshot()
    {
        _book.Roll(Now);
        return Task.FromResult(_book.Snapshot());
    }

    public Task<AvailabilityEvent[]> ReadLog(long sequence, int max) => Task.FromResult(_book.ReadLog(sequence, max));

    public async Task<InstanceRecord[]> Borrow(string jobId, int max)
    {
        ArgumentException.ThrowIfNullOrWhiteSpace(jobId);
        var (lent, held) = _book.Borrow(jobId, max);
        if (lent.Length > 0) await Save();
        foreach (var record in lent) Follow(_updating, () => Instance(record.Info.Id).Update(record.Phase, record.JobId, record.Deadline));
        return held;
    }

    public async Task Return(string jobId)
    {
        var returned = _book.Return(jobId);
        if (returned.Length == 0) return;
        await Save();
        foreach (var record in returned) Follow(_updating, () => Instance(record.Info.Id).Update(record.Phase, record.JobId, record.Deadline));
    }

    private IInstanceGrain Instance(string id) => GrainFactory.GetGrain<IInstanceGrain>(id);

    /// <summary>Closes intervals and declares instances lost whose silo has left the cluster.</summary>
    private async Task Watch(CancellationToken cancellation)
    {
        if (_book.Roll(Now)) await Save();
        foreach (var record in state.State.Instances.Values.ToArray())
        {
            if (Departed(record) is not { } status) continue;
            if (_book.Lose(record.Info.Id, $"its silo is {status}", Now, Activity.Current?.Id) is { } lost) await Commit([lost]);
        }
    }

    /// <summary>The status for which the instance counts as gone, or null.</summary>
    private string? Departed(InstanceRecord record)
    {
        var status = membership.GetApproximateSiloStatus(record.Info.Silo);
        if (status.IsTerminating()) return status.ToString();
        if (status != SiloStatus.None) return null;

        // Unknown: either so new that this silo has not heard of it, or so long gone that its row was cleaned up.
        var since = record.JoinedAt > _activatedAt ? record.JoinedAt : _activatedAt;
        return Now - since > _options.UnknownSiloGrace ? "not a member" : null;
    }

    private async Task Commit(AvailabilityEvent[] events)
    {
        if (events.Length == 0) return;
        await Save();
        foreach (var e in events)
        {
            LogEvent(e.Sequence, e.Kind, e.InstanceId, e.Reason);
            if (e is { Kind: AvailabilityKind.Lost, Role: InstanceRole.Worker })
                ParcaeTelemetry.Preemptions.Add(1, new KeyValuePair<string, object?>("noticed", e.Announced));
            Follow(_publishing, () => Publish(e));
            if (_book.Find(e.InstanceId) is { } record) Follow(_updating, () => Instance(e.InstanceId).Update(record.Phase, record.JobId, record.Deadline));
            else Follow(_updating, () => Instance(e.InstanceId).Update(InstancePhase.Gone, null, null));
        }

        ParcaeTelemetry.InstancesAvailable.Record(_book.Available, new KeyValuePair<string, object?>("fleet", this.GetPrimaryKeyString()));
    }

    private Task Publish(AvailabilityEvent e) => this.GetStreamProvider(ParcaeNames.StreamProvider)
        .GetStream<AvailabilityEvent>(StreamId.Create(ParcaeNames.AvailabilityNamespace, this.GetPrimaryKeyString()))
        .OnNextAsync(e);

    private async Task Save()
    {
        try
        {
            await state.WriteStateAsync();
        }
        catch
        {
            // What is not durable must not be believed: the next activation reads what was stored.
            DeactivateOnIdle();
            throw;
        }
    }

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
