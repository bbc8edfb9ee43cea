using System.Diagnostics;
using Xunit;

namespace Parcae.GpuWorker.Tests.Checkpoints.Bucket;

/// <summary>An S3-compatible server that is not ours, where this machine has one: moto's, from Python's package of that name. It keeps all in memory.</summary>
internal sealed class MotoServer : IAsyncDisposable
{
    private readonly Process _process;

    private MotoServer(Process process, string endpoint) => (_process, Endpoint) = (process, endpoint);

    /// <summary>Its address.</summary>
    public string Endpoint { get; }

    /// <summary>Starts one with an empty bucket named <c>bucket</c>; skips the test where there is none.</summary>
    public static async Task<MotoServer> StartAsync()
    {
        Assert.SkipUnless(await IsThereAsync(), "python3 has no module moto.server: pip install moto[server]");
        int port = FreePorts.Next();
        var process = Start("-m", "moto.server", "-H", "127.0.0.1", "-p", $"{port}");
        var up = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        void Take(string? line)
        {
            if (line?.Contains("Running on", StringComparison.Ordinal) == true) up.TrySetResult();
        }
        process.OutputDataReceived += (_, e) => Take(e.Data);
        process.ErrorDataReceived += (_, e) => Take(e.Data);
        process.BeginOutputReadLine();
        process.BeginErrorReadLine();
        var server = new MotoServer(process, $"http://127.0.0.1:{port}");
        try
        {
            await up.Task.WaitAsync(Patience.Long);
            using var http = new HttpClient();
            using var made = await http.PutAsync($"{server.Endpoint}/bucket", null);
            made.EnsureSuccessStatusCode();
            return server;
        }
        catch
        {
            await server.DisposeAsync();
            throw;
        }
    }

    public async ValueTask DisposeAsync()
    {
        if (!_process.HasExited) _process.Kill();
        await _process.WaitForExitAsync();
        _process.Dispose();
    }

    private static async Task<bool> IsThereAsync()
    {
        try
        {
            using var asked = Start("-c", "import moto.server");
            await asked.WaitForExitAsync();
            return asked.ExitCode == 0;
        }
        catch (System.ComponentModel.Win32Exception)
        {
            return false; // no python3
        }
    }

    // -u: a line is told when it is printed.
    private static Process Start(params string[] arguments) => Process.Start(new ProcessStartInfo("python3", ["-u", .. arguments]) { RedirectStandardOutput = true, RedirectStandardError = true })!;
}
