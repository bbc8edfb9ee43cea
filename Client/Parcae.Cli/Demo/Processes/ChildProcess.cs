using System.Diagnostics;
using System.Runtime.InteropServices;

namespace Parcae.Cli.Demo.Processes;

/// <summary>A process of ours: its output goes to a log file, its readiness is a line on its standard output, and it is ended by its own handle.</summary>
internal sealed class ChildProcess : IAsyncDisposable
{
    private const int TailLines = 12;
    private const int Sigterm = 15;

    private static readonly TimeSpan LastWords = TimeSpan.FromMilliseconds(500);

    private readonly Process _process;
    private readonly StreamWriter _log;
    private readonly Lock _lock = new();
    private readonly Queue<string> _tail = new();
    private readonly TaskCompletionSource _ready = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly string _readyLine;
    private bool _closed;

    private ChildProcess(string id, ProcessStartInfo start, string logFile)
    {
        (Id, LogFile, _readyLine) = (id, logFile, $"READY {id}");
        start.RedirectStandardOutput = true;
        start.RedirectStandardError = true;
        // A pipe of its own: children must not read from, or reconfigure, the user's terminal.
        start.RedirectStandardInput = true;
        start.UseShellExecute = false;
        _log = new StreamWriter(new FileStream(logFile, FileMode.Append, FileAccess.Write, FileShare.ReadWrite)) { AutoFlush = true };
        try
        {
            _process = Process.Start(start) ?? throw new InvalidOperationException($"'{start.FileName}' did not start.");
        }
        catch
        {
            _log.Dispose();
            throw;
        }

        ProcessId = _process.Id;
        Exited = FollowAsync();
    }

    /// <summary>Its name: <c>i-0003</c>.</summary>
    public string Id { get; }

    /// <summary>The operating system's number of it.</summary>
    public int ProcessId { get; }

    /// <summary>Where its output goes.</summary>
    public string LogFile { get; }

    /// <summary>Completes with the exit code when it has ended and all of its output is in the log.</summary>
    public Task<int> Exited { get; }

    /// <summary>Completes when it has printed <c>READY id</c>; fails with <see cref="ChildExitedException"/> when it ends before.</summary>
    public Task Ready => _ready.Task;

    /// <summary>Whether its end is our doing.</summary>
    public bool EndedByUs { get; private set; }

    /// <summary>The last lines that it printed.</summary>
    public string Tail
    {
        get { lock (_lock) return string.Join(Environment.NewLine, _tail); }
    }

    /// <summary>Starts a process; appends to the log.</summary>
    public static ChildProcess Start(string id, ProcessStartInfo start, string logFile) => new(id, start, logFile);

    /// <summary>Ends it at once (SIGKILL). Harmless when it has ended.</summary>
    public void Kill()
    {
        EndedByUs = true;
        _process.Kill();
    }

    /// <summary>Asks it to end (SIGTERM; on Windows it is ended at once). Harmless when it has ended.</summary>
    public void Terminate()
    {
        EndedByUs = true;
        if (OperatingSystem.IsWindows()) _process.Kill();
        else if (!_process.HasExited) _ = SendSignal(ProcessId, Sigterm);
    }

    /// <summary>Ends it if it has not ended, and closes its log.</summary>
    public async ValueTask DisposeAsync()
    {
        if (!Exited.IsCompleted) Kill();
        _ = await Exited.ConfigureAwait(false);
        _process.Dispose();
        lock (_lock)
        {
            _closed = true;
            _log.Dispose();
        }
    }

    private async Task<int> FollowAsync()
    {
        var copies = Task.WhenAll(CopyAsync(_process.StandardOutput), CopyAsync(_process.StandardError));
        await _process.WaitForExitAsync().ConfigureAwait(false);
        // A child of the child may hold the pipes open for as long as it lives: what it prints is not waited for.
        _ = await Task.WhenAny(copies, Task.Delay(LastWords)).ConfigureAwait(false);
        int code = _process.ExitCode;
        if (_ready.TrySetException(new ChildExitedException(this, code)))
        {
            // Not everyone waits for readiness.
            _ = _ready.Task.Exception;
        }

        return code;
    }

    private async Task CopyAsync(StreamReader from)
    {
        while (await from.ReadLineAsync().ConfigureAwait(false) is { } line)
        {
            lock (_lock)
            {
                if (_closed) return;
                _log.WriteLine(line);
                _tail.Enqueue(line);
                if (_tail.Count > TailLines) _ = _tail.Dequeue();
            }

            if (line.Trim() == _readyLine) _ = _ready.TrySetResult();
        }
    }

    [DllImport("libc", EntryPoint = "kill")]
    [DefaultDllImportSearchPaths(DllImportSearchPath.System32 | DllImportSearchPath.SafeDirectories)]
    private static extern int SendSignal(int process, int signal);
}

/// <summary>A child ended before it was ready.</summary>
internal sealed class ChildExitedException(ChildProcess child, int exitCode)
    : Exception($"'{child.Id}' ended with exit code {exitCode} before it was ready. The end of {child.LogFile}:{Environment.NewLine}{child.Tail}")
{
    public int ExitCode => exitCode;
}
