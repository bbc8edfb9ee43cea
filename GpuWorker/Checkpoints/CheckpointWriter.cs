using System.Diagnostics;
using System.Runtime.InteropServices;
using Microsoft.Extensions.Logging;
using Parcae.GpuWorker.Numerics;
using Parcae.Grains.Telemetry;

namespace Parcae.GpuWorker.Checkpoints;

/// <summary>Writes a version's states to where they last.</summary>
internal delegate void WriteCheckpoint(int version, IReadOnlyList<LayerState> states);

/// <summary>
/// Writes checkpoints of one job in the background: whoever applies gradients waits for a copy in memory, never for a disk. One checkpoint is written at a time and
/// at most one snapshot waits, so memory is bounded by two copies of the state; a newer snapshot takes the place of the one that waits. A checkpoint that fails is
/// told and given up: the next one may succeed.
/// </summary>
internal sealed partial class CheckpointWriter : IAsyncDisposable
{
    private const int None = -1;

    private readonly string _jobId;
    private readonly WriteCheckpoint _write;
    private readonly ILogger _logger;
    private readonly Lock _lock = new();
    private Request? _waiting;
    private Task _writing = Task.CompletedTask;
    private bool _closed;
    private volatile int _written = None;
    private volatile string? _failure;

    public CheckpointWriter(string jobId, WriteCheckpoint write, ILogger logger) => (_jobId, _write, _logger) = (jobId, write, logger);

    private sealed record Request(int Version, IReadOnlyList<LayerState> States, bool IsSnapshot)
    {
        public TaskCompletionSource Done { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public void Free()
        {
            if (!IsSnapshot) return;
            foreach (var state in States) state.Dispose();
        }
    }

    /// <summary>The newest version that this writer has made durable; null: none yet.</summary>
    public int? Written => _written is var written and not None ? written : null;

    /// <summary>Why the last attempt failed; null when it did not.</summary>
    public string? Failure => _failure;

    /// <summary>Takes a snapshot and has it written. The states may change as soon as this returns.</summary>
    /// <returns>The version that was waiting and now will not be written, or null.</returns>
    public int? Offer(int version, IReadOnlyList<LayerState> states)
    {
        List<LayerState> snapshot = [];
        try
        {
            foreach (var state in states) snapshot.Add(state.Clone());
        }
        catch (ExternalException e)
        {
            // No memory for a copy. The state itself is as good as before.
            foreach (var state in snapshot) state.Dispose();
            Note(version, e);
            return null;
        }

        return Enqueue(new Request(version, snapshot, IsSnapshot: true));
    }

    /// <summary>Writes a version after whatever is being written, and returns when it is durable.</summary>
    /// <param name="version">The version.</param>
    /// <param name="states">The states themselves: they must not change before the task completes.</param>
    /// <exception cref="IOException">It could not be written.</exception>
    public async Task WriteAsync(int version, IReadOnlyList<LayerState> states)
    {
        await IdleAsync();
        if (Written == version) return; // its snapshot was under way
        var request = new Request(version, states, IsSnapshot: false);
        Enqueue(request);
        await request.Done.Task;
    }

    /// <summary>Forgets what was written: the state was taken back to an older one.</summary>
    public void Forget() => _written = None;

    /// <summary>Waits until nothing is being written and nothing waits.</summary>
    public Task IdleAsync()
    {
        lock (_lock) return _writing;
    }

    /// <summary>Waits for the write in progress and for the snapshot that waits; nothing is accepted afterwards.</summary>
    public async ValueTask DisposeAsync()
    {
        lock (_lock) _closed = true;
        await IdleAsync();
    }

    private int? Enqueue(Request request)
    {
        Request? skipped;
        lock (_lock)
        {
            ObjectDisposedException.ThrowIf(_closed, this);
            (skipped, _waiting) = (_waiting, request);
            if (_writing.IsCompleted) _writing = Task.Factory.StartNew(WriteAll, CancellationToken.None, TaskCreationOptions.LongRunning, TaskScheduler.Default);
        }

        if (skipped is null) return null;
        LogSkipped(_jobId, skipped.Version, request.Version);
        skipped.Free();
        skipped.Done.TrySetException(new IOException($"The checkpoint of step {skipped.Version} was skipped: that of step {request.Version} took its place."));
        _ = skipped.Done.Task.Exception; // not everyone waits for it
        return skipped.Version;
    }

    private void WriteAll()
    {
        while (true)
        {
            Request request;
            lock (_lock)
            {
                if (_waiting is null)
                {
                    // Under the lock: what is offered from here on starts a task of its own.
                    _writing = Task.CompletedTask;
                    return;
                }

                (request, _waiting) = (_waiting, null);
            }

            Write(request);
        }
    }

    private void Write(Request request)
    {
        var watch = Stopwatch.StartNew();
        try
        {
            _write(request.Version, request.States);
            (_written, _failure) = (request.Version, null);
            LogWritten(_jobId, request.Version, watch.Elapsed.TotalMilliseconds);
            request.Done.TrySetResult();
        }
        catch (Exception e)
        {
            // Training must not end with a full disk, nor with a fault of ours here: the copy in memory is still good, and the next checkpoint may succeed.
            Note(request.Version, e);
            request.Done.TrySetException(e);
            _ = request.Done.Task.Exception; // not everyone waits for it
        }
        finally
        {
            request.Free();
            ParcaeTelemetry.CheckpointDuration.Record(watch.Elapsed.TotalSeconds, new KeyValuePair<string, object?>("written", Failure is null));
        }
    }

    private void Note(int version, Exception e)
    {
        _failure = $"The checkpoint of step {version} could not be written: {e.Message}";
        LogFailed(e, _jobId, version);
    }

    [LoggerMessage(Level = LogLevel.Information, Message = "Job {JobId}: the checkpoint of step {Version} was written in {Milliseconds:F1} ms.")]
    private partial void LogWritten(string jobId, int version, double milliseconds);

    [LoggerMessage(Level = LogLevel.Warning, Message = "Job {JobId}: the checkpoint of step {Skipped} is skipped: the disk is still busy with an older one, and that of step {Version} takes its place.")]
    private partial void LogSkipped(string jobId, int skipped, int version);

    [LoggerMessage(Level = LogLevel.Error, Message = "Job {JobId}: the checkpoint of step {Version} could not be written.")]
    private partial void LogFailed(Exception e, string jobId, int version);
}
