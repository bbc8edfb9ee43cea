using System.Diagnostics;

namespace Parcae.Benchmarks.Sockets;

/// <summary>This program once more, as the other side of a benchmark; the two talk in lines. It ends when its input does, and with its owner at the latest.</summary>
internal sealed class PeerProcess : IDisposable
{
    /// <summary>The argument that makes the program the other side.</summary>
    public const string Flag = "--as-peer";

    private readonly Process _process;

    private PeerProcess(Process process) => _process = process;

    public static PeerProcess Start(string benchmark)
    {
        var start = new ProcessStartInfo("dotnet", [typeof(PeerProcess).Assembly.Location, benchmark, Flag]) { RedirectStandardInput = true, RedirectStandardOutput = true };
        return new(Process.Start(start) ?? throw new InvalidOperationException("The other side did not start."));
    }

    /// <summary>Processor time of both sides so far.</summary>
    public TimeSpan ProcessorTime()
    {
        using var own = Process.GetCurrentProcess();
        return own.TotalProcessorTime + OwnProcessorTime();
    }

    /// <summary>Processor time of the other side alone so far.</summary>
    public TimeSpan OwnProcessorTime()
    {
        _process.Refresh();
        return _process.TotalProcessorTime;
    }

    public async Task<string> ReadLineAsync() => await _process.StandardOutput.ReadLineAsync()
        ?? throw new InvalidOperationException("The other side ended early; what it said is above.");

    public async Task WriteLineAsync(string line)
    {
        await _process.StandardInput.WriteLineAsync(line);
        await _process.StandardInput.FlushAsync();
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _process.StandardInput.Close();
        if (!_process.WaitForExit(TimeSpan.FromSeconds(10))) _process.Kill();
        _process.Dispose();
    }
}
