using System.Diagnostics;

using Parcae.Cli.Commands;
using Parcae.Cli.Replay.Acting;
using Parcae.Client;
using Parcae.Grains.Telemetry;

namespace Parcae.Cli.Demo.Processes;

/// <summary>The worker processes, as a cloud: brings them up, passes notices on, takes them away, replaces those that end by themselves.</summary>
internal sealed class DemoFleet(ProcessSupervisor processes, SiloCommandLine commands, DemoFolder folder, string redis, int named,
    IParcaeClient client, DemoProgress progress, DemoAbort abort) : ICloud
{
    private const int MaxReplacements = 20;

    private static readonly TimeSpan StartTimeout = TimeSpan.FromSeconds(120);

    private readonly Lock _lock = new();
    private readonly Dictionary<string, ChildProcess> _workers = [];
    private readonly Dictionary<string, string> _replacements = [];
    private readonly HashSet<string> _noticed = [];
    private readonly HashSet<string> _ready = [];
    private readonly HashSet<string> _taken = [];
    private readonly HashSet<string> _faulty = [];
    private readonly Dictionary<string, TaskCompletionSource> _awaited = [];
    private int _extra;
    private int _unexpected;

    /// <summary>Ids of the workers whose processes live.</summary>
    public string[] Alive
    {
        get { lock (_lock) return [.. _workers.Keys]; }
    }

    /// <inheritdoc/>
    /// <remarks>How long a process takes to come up is this machine's affair, not the trace's: a slow machine sees the same availability.</remarks>
    public Task StartAsync(string instance, CancellationToken cancellation)
    {
        progress.Event(DemoEventKind.Cloud, $"{instance} is starting");
        return StartAllAsync([instance], cancellation);
    }

    /// <summary>Starts workers and waits until each, or whoever replaced it, is ready.</summary>
    public async Task StartAllAsync(IReadOnlyCollection<string> instances, CancellationToken cancellation)
    {
        Task[] ready = [.. instances.Select(UntilUp)];
        foreach (string instance in instances) StartWorker(instance);
        try
        {
            await Task.WhenAll(ready).WaitAsync(StartTimeout, cancellation).ConfigureAwait(false);
        }
        catch (TimeoutException)
        {
            lock (_lock)
            {
                var late = _workers.Values.First(w => !_ready.Contains(w.Id));
                throw new CommandFailedException(
                    $"'{late.Id}' was not ready within {StartTimeout.TotalSeconds:0} s. The end of {late.LogFile}:{Environment.NewLine}{late.Tail}");
            }
        }
    }

    /// <inheritdoc/>
    public async Task NoticeAsync(string instance, TimeSpan remaining, CancellationToken cancellation)
    {
        string id = Current(instance);
        ChildProcess? worker;
        lock (_lock)
        {
            if (!_workers.TryGetValue(id, out worker)) return;
        }

        if (!worker.Ready.IsCompleted)
        {
            progress.Event(DemoEventKind.Cloud, $"{id} will be taken back; it is still starting");
            if (await LeftWhenReadyAsync(worker, remaining, cancellation).ConfigureAwait(false) is not { } left) return;
            remaining = left;
        }

        // The service links its reconfiguration to this span.
        using var span = ParcaeTelemetry.Activities.StartActivity("notice", ActivityKind.Client);
        _ = span?.SetTag("parcae.instance", id).SetTag("parcae.remaining", remaining.TotalSeconds);
        progress.Noticed(id);
        progress.Event(DemoEventKind.Cloud, $"{id} has a notice: {remaining.TotalSeconds:0.#} s left");
        try
        {
            await client.NoticeAsync(id, remaining, "spot preemption notice", cancellation: cancellation).ConfigureAwait(false);
            lock (_lock) _ = _noticed.Add(id);
        }
        catch (Exception e) when (e is KeyNotFoundException or ParcaeUnavailableException)
        {
            _ = span?.SetStatus(ActivityStatusCode.Error, e.Message);
            progress.Event(DemoEventKind.Trouble, $"the notice of {id} did not arrive: {e.Message}");
        }
    }

    /// <inheritdoc/>
    public void Kill(string instance, bool announced)
    {
        string id = Current(instance);
        ChildProcess? worker;
        bool noticed, ready;
        lock (_lock)
        {
            if (!_workers.Remove(id, out worker)) return;
            _ = _taken.Add(id);
            (noticed, ready) = (_noticed.Contains(id), _ready.Contains(id));
        }

        worker.Kill();
        progress.Gone(id, ready ? noticed : null);
        progress.Event(DemoEventKind.Cloud, (ready, noticed) switch
        {
            (false, _) => $"{id} is gone before it was ready",
            (_, true) => $"{id} is gone, as its notice said",
            _ => $"{id} is gone without notice",
        });
    }

    /// <summary>Whether the replay took a worker away.</summary>
    public bool TookAway(string id)
    {
        lock (_lock) return _taken.Contains(id);
    }

    /// <summary>A worker is about to get a fault that may end it: its end is nothing unexpected.</summary>
    public void ExpectEnd(string id)
    {
        lock (_lock) _ = _faulty.Add(id);
    }

    /// <summary>Ends a worker that a fault has made useless; a new instance takes its place.</summary>
    public void Replace(string id)
    {
        ChildProcess? worker;
        lock (_lock)
        {
            if (!_workers.Remove(id, out worker)) return;
        }

        worker.Kill();
        progress.Gone(id, counted: null);
        StartInPlaceOf(id);
    }

    /// <summary>Ends all workers, outside of any accounts, and waits for their end.</summary>
    public async Task ClearAsync()
    {
        ChildProcess[] workers;
        lock (_lock)
        {
            workers = [.. _workers.Values];
            _workers.Clear();
        }

        foreach (var worker in workers) worker.Kill();
        foreach (var worker in workers) _ = await worker.Exited.ConfigureAwait(false);
    }

    /// <summary>A name that no instance had before.</summary>
    public string FreshName()
    {
        lock (_lock) return TraceReplay.InstanceName(named + ++_extra);
    }

    private void StartWorker(string id)
    {
        var worker = processes.Start(id, commands.Worker(id, redis, FreePorts.Next()), folder.Log(id), StopOrder.Workers);
        lock (_lock) _workers.Add(id, worker);
        progress.Starting(id);
        _ = abort.GuardAsync(FollowAsync(worker, abort.Token));
    }

    private async Task FollowAsync(ChildProcess worker, CancellationToken stopping)
    {
        string id = worker.Id;
        try
        {
            await worker.Ready.WaitAsync(stopping).ConfigureAwait(false);
            lock (_lock)
            {
                _ = _ready.Add(id);
                if (_awaited.Remove(id, out var awaited)) awaited.SetResult();
            }

            progress.Up(id);
            progress.Event(DemoEventKind.Cloud, $"{id} is up");
        }
        catch (ChildExitedException)
        {
            // Told below, as any other end.
        }

        int code = await worker.Exited.WaitAsync(stopping).ConfigureAwait(false);
        if (worker.EndedByUs) return;
        // Ctrl-C reaches the whole process group: the children may be gone a moment before this process has been told.
        await Task.Delay(300, stopping).ConfigureAwait(false);
        lock (_lock)
        {
            if (!_workers.Remove(id)) return;
        }

        if (IsFaulty(id))
        {
            progress.Gone(id, counted: null);
            progress.Event(DemoEventKind.Cloud, $"{id} is gone, killed by a fault");
        }
        else
        {
            progress.Gone(id, counted: false);
            progress.Event(DemoEventKind.Trouble, $"{id}: unexpected exit (code {code}); the end of its log:{Environment.NewLine}{worker.Tail}");
            // Where none has ever come up, another will not either.
            lock (_lock)
            {
                if (_ready.Count == 0) throw new CommandFailedException(new ChildExitedException(worker, code).Message);
            }

            if (Interlocked.Increment(ref _unexpected) > MaxReplacements)
                throw new CommandFailedException($"Workers keep ending by themselves ({MaxReplacements} were replaced); see {folder.Logs}.");
        }

        StartInPlaceOf(id);
    }

    private bool IsFaulty(string id)
    {
        lock (_lock) return _faulty.Contains(id);
    }

    /// <summary>Starts an instance with a fresh name, which stands for the old one from now on.</summary>
    private void StartInPlaceOf(string id)
    {
        string replacement = FreshName();
        lock (_lock)
        {
            _replacements.Add(id, replacement);
            if (_awaited.Remove(id, out var awaited)) _awaited.Add(replacement, awaited);
        }

        progress.Event(DemoEventKind.Cloud, $"{replacement} is starting");
        StartWorker(replacement);
    }

    /// <summary>What is left of a notice when the worker is ready to hear it; null when it never is.</summary>
    private static async Task<TimeSpan?> LeftWhenReadyAsync(ChildProcess worker, TimeSpan remaining, CancellationToken cancellation)
    {
        long begin = TimeProvider.System.GetTimestamp();
        try
        {
            await worker.Ready.WaitAsync(remaining, cancellation).ConfigureAwait(false);
        }
        catch (Exception e) when (e is TimeoutException or ChildExitedException)
        {
            return null;
        }

        var left = remaining - TimeProvider.System.GetElapsedTime(begin);
        return left > TimeSpan.Zero ? left : null;
    }

    private Task UntilUp(string instance)
    {
        var up = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        lock (_lock) _awaited.Add(instance, up);
        return up.Task;
    }

    /// <summary>Whoever now stands for the instance that the replay means.</summary>
    private string Current(string instance)
    {
        lock (_lock)
        {
            while (_replacements.TryGetValue(instance, out string? next)) instance = next;
            return instance;
        }
    }
}
