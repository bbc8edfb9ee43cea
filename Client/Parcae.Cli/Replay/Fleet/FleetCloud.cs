using System.Diagnostics;

using Orleans.Runtime;

using Parcae.Cli.Demo;
using Parcae.Cli.Replay.Acting;
using Parcae.Client;
using Parcae.Grains;
using Parcae.Grains.Telemetry;

using StackExchange.Redis;

namespace Parcae.Cli.Replay.Fleet;

/// <summary>The workers of a running service, as a cloud: gives them notices, has them vanish, calls them back. Whoever comes back is a new incarnation of the same instance.</summary>
/// <param name="client">The service.</param>
/// <param name="recalls">Calls back whoever is away.</param>
/// <param name="setting">The replay.</param>
/// <param name="progress">Told of everything.</param>
/// <param name="abort">Ended by what cannot be acted out.</param>
internal sealed class FleetCloud(IParcaeClient client, IRecalls recalls, ReplaySetting setting, DemoProgress progress, DemoAbort abort) : ICloud
{
    /// <summary>A worker that nobody calls back comes back so long after the trace would have had it back.</summary>
    public static readonly TimeSpan Margin = TimeSpan.FromSeconds(30);

    private static readonly TimeSpan LookEvery = TimeSpan.FromMilliseconds(300);
    private readonly Lock _lock = new();
    private readonly Dictionary<string, FleetWorker> _workers = setting.Fleet.ToDictionary(r => r.Info.Id, r => new FleetWorker(r.Info.Id, r.Info.Silo), StringComparer.Ordinal);
    private readonly List<Task> _acts = [];
    private int _orders;

    /// <summary>A worker that the fleet has for so long after it was told to vanish has not done it.</summary>
    public TimeSpan StaysAfter { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>How long all may take to come back at the end.</summary>
    public TimeSpan BackTimeout { get; init; } = TimeSpan.FromMinutes(3);

    /// <summary>Asked how long it is until the trace has an instance back.</summary>
    public Func<string, TimeSpan> UntilBack { get; set; } = _ => TimeSpan.Zero;

    /// <inheritdoc/>
    /// <remarks>Whoever is called back comes as fast as it comes: the fleet's own time goes on.</remarks>
    public Task StartAsync(string instance, CancellationToken cancellation)
    {
        Act(CallBackAsync(_workers[instance]));
        return Task.CompletedTask;
    }

    /// <inheritdoc/>
    public void Kill(string instance, bool announced) => Act(VanishAsync(_workers[instance], counted: true, abort.Token));

    /// <inheritdoc/>
    public async Task NoticeAsync(string instance, TimeSpan remaining, CancellationToken cancellation)
    {
        var worker = _workers[instance];
        long begin = Stopwatch.GetTimestamp();
        await worker.Here.WaitAsync(cancellation).ConfigureAwait(false);
        remaining -= Stopwatch.GetElapsedTime(begin);
        if (remaining <= TimeSpan.Zero) return;
        // The service links its reconfiguration to this span.
        using var span = ParcaeTelemetry.Activities.StartActivity("notice", ActivityKind.Client);
        _ = span?.SetTag("parcae.instance", instance).SetTag("parcae.remaining", remaining.TotalSeconds);
        progress.Noticed(instance);
        progress.Event(DemoEventKind.Cloud, $"{instance} has a notice: {remaining.TotalSeconds:0.#} s left");
        lock (_lock) worker.Noticed = true;
        try
        {
            await client.NoticeAsync(instance, remaining, $"spot preemption notice (replay {setting.Id})", setting.Options.Fleet, cancellation).ConfigureAwait(false);
        }
        catch (Exception e) when (e is KeyNotFoundException or ParcaeUnavailableException)
        {
            lock (_lock) worker.Noticed = false;
            _ = span?.SetStatus(ActivityStatusCode.Error, e.Message);
            progress.Event(DemoEventKind.Trouble, $"the notice of {instance} did not arrive: {e.Message}");
        }
    }

    /// <summary>Has an instance vanish that the trace never had; it counts as no preemption.</summary>
    public Task SendAwayAsync(string instance, CancellationToken cancellation) => VanishAsync(_workers[instance], counted: false, cancellation);

    /// <summary>Whether the fleet has seen that an instance is away.</summary>
    public bool IsLost(string instance)
    {
        lock (_lock) return _workers[instance].Lost;
    }

    /// <summary>Follows who is there until cancelled.</summary>
    public async Task WatchAsync(CancellationToken cancellation)
    {
        while (true)
        {
            try
            {
                Look(await client.GetFleetAsync(setting.Options.Fleet, cancellation).ConfigureAwait(false));
            }
            catch (ParcaeUnavailableException e)
            {
                progress.Event(DemoEventKind.Trouble, $"the fleet does not answer: {e.Message}");
            }

            await Task.Delay(LookEvery, cancellation).ConfigureAwait(false);
        }
    }

    /// <summary>Calls everybody back and waits until all have joined.</summary>
    /// <returns>Those who did not.</returns>
    public async Task<string[]> PutBackAsync()
    {
        using var late = new CancellationTokenSource(BackTimeout);
        using var watching = CancellationTokenSource.CreateLinkedTokenSource(late.Token);
        var watch = Quietly(WatchAsync(watching.Token));
        try
        {
            Task[] acts;
            lock (_lock) acts = [.. _acts];
            await Task.WhenAll(acts).WaitAsync(late.Token).ConfigureAwait(false);
            // A notice cannot be taken back: whoever has one comes back without it.
            foreach (var worker in Where(w => w.Noticed)) await VanishAsync(worker, counted: false, late.Token).ConfigureAwait(false);
            foreach (var worker in Where(w => w.Order is not null)) await CallBackAsync(worker).ConfigureAwait(false);
            await Task.WhenAll(Where(_ => true).Select(w => w.Here)).WaitAsync(late.Token).ConfigureAwait(false);
        }
        catch (Exception e) when (e is OperationCanceledException or ParcaeUnavailableException)
        {
            // Told by name below.
            if (e is ParcaeUnavailableException) progress.Event(DemoEventKind.Trouble, e.Message);
        }

        await watching.CancelAsync().ConfigureAwait(false);
        await watch.ConfigureAwait(false);
        return [.. Where(w => !w.Here.IsCompleted || w.Noticed).Select(w => w.Id)];
    }

    private async Task VanishAsync(FleetWorker worker, bool counted, CancellationToken cancellation)
    {
        // One that is still on its way cannot be told.
        await worker.Here.WaitAsync(cancellation).ConfigureAwait(false);
        var order = new VanishOrder($"{setting.Id}.{Interlocked.Increment(ref _orders)}", UntilBack(worker.Id) + Margin);
        bool noticed;
        lock (_lock)
        {
            noticed = worker.Noticed;
            worker.Leave(order.Id);
        }

        try
        {
            // Not to be cut short: whether it was heard would not be known.
            await client.VanishAsync(worker.Id, order, CancellationToken.None).ConfigureAwait(false);
        }
        catch (InstanceGoneException)
        {
            // It vanished before its answer came; or it was gone before, which is the same to the fleet.
        }

        progress.Gone(worker.Id, counted ? noticed : null);
        progress.Event(DemoEventKind.Cloud, (counted, noticed) switch
        {
            (false, _) => $"{worker.Id} is sent away",
            (_, true) => $"{worker.Id} is gone, as its notice said",
            _ => $"{worker.Id} is gone without notice",
        });
    }

    private async Task CallBackAsync(FleetWorker worker)
    {
        string? order;
        lock (_lock)
        {
            order = worker.Order;
            worker.Order = null;
        }

        if (order is null) return;
        progress.Starting(worker.Id);
        progress.Event(DemoEventKind.Cloud, $"{worker.Id} is starting");
        try
        {
            await recalls.RecallAsync(order).ConfigureAwait(false);
        }
        catch (Exception e) when (e is RedisException or TimeoutException)
        {
            // Tried again at the end.
            lock (_lock) worker.Order ??= order;
            progress.Event(DemoEventKind.Trouble, $"{worker.Id} could not be called back, and comes back by itself when its time is over: {e.Message}");
        }
    }

    private void Look(FleetSnapshot fleet)
    {
        var records = fleet.Instances.ToDictionary(r => r.Info.Id, StringComparer.Ordinal);
        foreach (var worker in _workers.Values)
        {
            var record = records.GetValueOrDefault(worker.Id);
            bool back, early, lost, stays;
            lock (_lock)
            {
                bool other = record is { Phase: InstancePhase.Ready or InstancePhase.Assigned } && !record.Info.Silo.Equals(worker.Silo);
                back = other && !worker.Here.IsCompleted;
                early = back && worker.Order is not null;
                lost = !back && !worker.Here.IsCompleted && !worker.Lost && (record is null || !record.Info.Silo.Equals(worker.Silo));
                stays = !worker.Here.IsCompleted && !worker.Lost && record is { Phase: InstancePhase.Ready or InstancePhase.Assigned } && record.Info.Silo.Equals(worker.Silo) && worker.Since > StaysAfter;
                if (back || stays) worker.Join(record!.Info.Silo);
                if (lost) worker.Lost = true;
            }

            if (lost) progress.Event(DemoEventKind.Info, $"the fleet knows that {worker.Id} is lost, {worker.Since.TotalSeconds:0.0} s after it vanished");
            if (stays) progress.Event(DemoEventKind.Trouble, $"{worker.Id} has not vanished though it was told to; its own log says why");
            if (!back) continue;
            progress.Up(worker.Id);
            progress.Event(early ? DemoEventKind.Trouble : DemoEventKind.Cloud, early ? $"{worker.Id} has come back by itself: its supervisor has started it again" : $"{worker.Id} is up");
        }
    }

    private FleetWorker[] Where(Func<FleetWorker, bool> condition)
    {
        lock (_lock) return [.. _workers.Values.Where(condition)];
    }

    private void Act(Task act)
    {
        lock (_lock) _acts.Add(abort.GuardAsync(act));
    }

    private static async Task Quietly(Task task)
    {
        try
        {
            await task.ConfigureAwait(false);
        }
        catch (OperationCanceledException)
        {
            // Told to stop.
        }
    }
}
