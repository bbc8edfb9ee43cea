using System.Collections.Concurrent;
using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
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

    /// <summary>A port that nobody uses now.</summary>
    public static int FreePort()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        return ((IPEndPoint)listener.LocalEndpoint).Port;
    }

    /// <summary>Starts one whose output is the caller's to read.</summary>
    public Process Start(params string[] arguments)
    {
        string dll = Path.Combine(AppContext.BaseDirectory, "Parcae.Silo.dll");
        var start = new ProcessStartInfo("dotnet", [dll, .. arguments, "--parent-pid", $"{Environment.ProcessId}"])
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            WorkingDirectory = Folder,
        };
        foreach (var (name, value) in WorkerEnvironment.Variables) start.Environment[name] = value;
        var process = Process.Start(start)!;
        _processes.Add(process);
        return process;
    }

    /// <summary>Starts one and waits until it has printed a line.</summary>
    public async Task<Process> StartAsync(string ready, params string[] arguments)
    {
        var process = Start(arguments);
        var up = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        void Take(string? line)
        {
            if (line is null) return;
            _lines.Enqueue(line);
            if (line == ready) up.TrySetResult();
        }
        process.OutputDataReceived += (_, e) => Take(e.Data);
        process.ErrorDataReceived += (_, e) => Take(e.Data);
        process.BeginOutputReadLine();
        process.BeginErrorReadLine();
        Assert.True(await Task.WhenAny(up.Task, process.WaitForExitAsync(), Task.Delay(TimeSpan.FromSeconds(60))) == up.Task, $"'{ready}' never came:{Environment.NewLine}{Output}");
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
