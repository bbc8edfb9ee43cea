using System.Diagnostics;

namespace Parcae.Cli.Demo.Processes;

/// <summary>Who is stopped first: whoever needs another goes before it.</summary>
internal enum StopOrder
{
    /// <summary>Workers need the control silo and the store.</summary>
    Workers,

    /// <summary>The control silo needs the store.</summary>
    Control,

    /// <summary>The store needs nobody.</summary>
    Store,
}

/// <summary>Owns every child process: whatever happens, none outlives it.</summary>
internal sealed class ProcessSupervisor : IAsyncDisposable
{
    private readonly Lock _lock = new();
    private readonly List<(ChildProcess Process, StopOrder Order)> _children = [];
    private bool _closed;

    public ProcessSupervisor() => AppDomain.CurrentDomain.ProcessExit += OnProcessExit;

    /// <summary>Children that have not ended.</summary>
    public IReadOnlyList<ChildProcess> Alive
    {
        get { lock (_lock) return [.. _children.Select(c => c.Process).Where(c => !c.Exited.IsCompleted)]; }
    }

    /// <summary>Starts a child.</summary>
    /// <exception cref="OperationCanceledException">Everything is being stopped.</exception>
    public ChildProcess Start(string id, ProcessStartInfo start, string logFile, StopOrder order)
    {
        lock (_lock)
        {
            // Under the lock: a child that starts while all are being stopped would be forgotten.
            if (_closed) throw new OperationCanceledException("The processes are being stopped.");
            var child = ChildProcess.Start(id, start, logFile);
            _children.Add((child, order));
            return child;
        }
    }

    /// <summary>Asks all to end, one kind after the other, and kills those of a kind that have not after <paramref name="grace"/>. Nothing can be started afterwards.</summary>
    public async Task StopAsync(TimeSpan grace)
    {
        foreach (var kind in Close().GroupBy(c => c.Order).OrderBy(g => g.Key))
        {
            foreach (var (process, _) in kind) process.Terminate();
            var ended = Task.WhenAll(kind.Select(c => c.Process.Exited));
            if (await Task.WhenAny(ended, Task.Delay(grace)).ConfigureAwait(false) != ended)
            {
                foreach (var (process, _) in kind) process.Kill();
            }

            _ = await ended.ConfigureAwait(false);
        }
    }

    /// <summary>Ends all at once.</summary>
    public void KillAll()
    {
        foreach (var (process, _) in Close()) process.Kill();
    }

    /// <summary>Ends all and closes their logs.</summary>
    public async ValueTask DisposeAsync()
    {
        KillAll();
        foreach (var (process, _) in Close()) await process.DisposeAsync().ConfigureAwait(false);
        AppDomain.CurrentDomain.ProcessExit -= OnProcessExit;
    }

    private (ChildProcess Process, StopOrder Order)[] Close()
    {
        lock (_lock)
        {
            _closed = true;
            return [.. _children];
        }
    }

    private void OnProcessExit(object? sender, EventArgs e) => KillAll();
}
