using System.Diagnostics;

namespace Parcae.Cli.Demo.Processes;

/// <summary>Owns every child process: whatever happens, none outlives it.</summary>
internal sealed class ProcessSupervisor : IAsyncDisposable
{
    private readonly Lock _lock = new();
    private readonly List<ChildProcess> _children = [];
    private bool _closed;

    public ProcessSupervisor() => AppDomain.CurrentDomain.ProcessExit += OnProcessExit;

    /// <summary>Children that have not ended.</summary>
    public IReadOnlyList<ChildProcess> Alive
    {
        get { lock (_lock) return [.. _children.Where(c => !c.Exited.IsCompleted)]; }
    }

    /// <summary>Starts a child.</summary>
    /// <exception cref="OperationCanceledException">Everything is being stopped.</exception>
    public ChildProcess Start(string id, ProcessStartInfo start, string logFile)
    {
        lock (_lock)
        {
            // Under the lock: a child that starts while all are being stopped would be forgotten.
            if (_closed) throw new OperationCanceledException("The processes are being stopped.");
            var child = ChildProcess.Start(id, start, logFile);
            _children.Add(child);
            return child;
        }
    }

    /// <summary>Asks all to end, kills those that have not after <paramref name="grace"/>. Nothing can be started afterwards.</summary>
    public async Task StopAsync(TimeSpan grace)
    {
        ChildProcess[] children;
        lock (_lock)
        {
            _closed = true;
            children = [.. _children];
        }

        foreach (var child in children) child.Terminate();
        var ended = Task.WhenAll(children.Select(c => c.Exited));
        if (await Task.WhenAny(ended, Task.Delay(grace)).ConfigureAwait(false) != ended) KillAll();
        _ = await ended.ConfigureAwait(false);
    }

    /// <summary>Ends all at once.</summary>
    public void KillAll()
    {
        ChildProcess[] children;
        lock (_lock)
        {
            _closed = true;
            children = [.. _children];
        }

        foreach (var child in children) child.Kill();
    }

    /// <summary>Ends all and closes their logs.</summary>
    public async ValueTask DisposeAsync()
    {
        KillAll();
        foreach (var child in _children) await child.DisposeAsync().ConfigureAwait(false);
        AppDomain.CurrentDomain.ProcessExit -= OnProcessExit;
    }

    private void OnProcessExit(object? sender, EventArgs e) => KillAll();
}
