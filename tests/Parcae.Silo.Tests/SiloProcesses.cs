using System.Collections.Concurrent;
using System.Diagnostics;
using Parcae.Grains;
using Xunit;

namespace Parcae.Silo.Tests;

/// <summary>Processes of the host, in a folder of their own. Disposing of it ends all of them and deletes the folder.</summary>
internal sealed class SiloProcesses : IAsyncDisposable
{
    private readonly List<Process> _processes = [];
    private readonly ConcurrentQueue<string> _lines = new();

    /// <summary>Where they run.</summary>
    public string Folder { get; } = Directory.CreateTempSubdirectory("parcae-silo-").FullName;

    /// <summary>Everything that those have printed that were waited for.</summary>
    public string Output => string.Join(Environment.NewLine, _lines);

    /// <summary>Starts one of the host whose output is the caller's to read.</summary>
    public Process Start(params string[] arguments) => Start(Silo(arguments));

    /// <summary>Starts one of the host and waits until it has printed a line.</summary>
    public Task<Process> StartAsync(string ready, params string[] arguments) => StartAsync(Silo(arguments), line => line == ready, ready);

    /// <summary>Starts any program and waits until it has printed a line.</summary>
    public async Task<Process> StartAsync(ProcessStartInfo start, Func<string, bool> isReady, string ready)
    {
        var process = Start(start);
        var up = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var own = new ConcurrentQueue<string>();
        void Take(string? line)
        {
            if (line is null) return;
            own.Enqueue(line);
            _lines.Enqueue(line);
            if (isReady(line)) up.TrySetResult();
        }
        process.OutputDataReceived += (_, e) => Take(e.Data);
        process.ErrorDataReceived += (_, e) => Take(e.Data);
        process.BeginOutputReadLine();
        process.BeginErrorReadLine();
        var ended = process.WaitForExitAsync();
        if (await Task.WhenAny(up.Task, ended, Task.Delay(Patience.Long)) != up.Task)
        {
            string how = ended.IsCompleted ? $"the process ended with exit code {process.ExitCode}" : $"it has not been printed for {Patience.Long.TotalMinutes:0} minutes";
            Assert.Fail(string.Join(Environment.NewLine, [$"'{ready}' never came: {how}. Its last lines:", .. own.TakeLast(20), "And all that was printed:", Output]));
        }

        return process;
    }

    /// <summary>How a process of the host is started.</summary>
    public static ProcessStartInfo Silo(params string[] arguments)
    {
        var start = new ProcessStartInfo("dotnet", [Path.Combine(AppContext.BaseDirectory, "Parcae.Silo.dll"), .. arguments, "--parent-pid", $"{Environment.ProcessId}"]);
        foreach (var (name, value) in WorkerEnvironment.Variables) start.Environment[name] = value;
        return start;
    }

    private Process Start(ProcessStartInfo start)
    {
        (start.RedirectStandardOutput, start.RedirectStandardError, start.WorkingDirectory) = (true, true, Folder);
        var process = Process.Start(start)!;
        lock (_processes) _processes.Add(process);
        return process;
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var process in _processes)
        {
            if (!process.HasExited) process.Kill();
            await process.WaitForExitAsync();
            process.Dispose();
        }

        Directory.Delete(Folder, recursive: true);
    }
}
