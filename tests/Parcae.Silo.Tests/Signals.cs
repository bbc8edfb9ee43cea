using System.Diagnostics;
using System.Runtime.InteropServices;
using Xunit;

namespace Parcae.Silo.Tests;

/// <summary>Signals of Linux.</summary>
internal static class Signals
{
    private const int Sigkill = 9, Sigterm = 15, Sigcont = 18, Sigstop = 19;

    /// <summary>Tells a process to stop.</summary>
    public static void Terminate(Process process) => Send(process, Sigterm);

    /// <summary>Makes a process stand still, as one that hangs would.</summary>
    public static void Freeze(Process process) => Send(process, Sigstop);

    /// <summary>Lets it go on.</summary>
    public static void Thaw(Process process) => Send(process, Sigcont);

    /// <summary>Ends processes at once, all at the same time, and waits until they are gone.</summary>
    public static async Task KillAsync(params IEnumerable<Process> processes)
    {
        foreach (var process in processes) Send(process, Sigkill);
        foreach (var process in processes) await process.WaitForExitAsync();
    }

    /// <summary>Sends SIGTERM and waits for the end. Returns the exit code and the seconds that it took.</summary>
    public static async Task<(int Code, double Seconds)> TerminateAsync(Process process)
    {
        var watch = Stopwatch.StartNew();
        Terminate(process);
        using var patience = new CancellationTokenSource(Patience.Long);
        await process.WaitForExitAsync(patience.Token);
        return (process.ExitCode, watch.Elapsed.TotalSeconds);
    }

    private static void Send(Process process, int signal) => Assert.Equal(0, SendSignal(process.Id, signal));

    [DllImport("libc", EntryPoint = "kill")]
    [DefaultDllImportSearchPaths(DllImportSearchPath.System32 | DllImportSearchPath.SafeDirectories)]
    private static extern int SendSignal(int process, int signal);
}
