using System.Diagnostics;
using System.Text.Json;
using Xunit;

namespace Parcae.EndToEnd;

/// <summary>The <c>parcae</c> command as a process of its own, in a folder of its own; its progress goes to standard error.</summary>
internal class CommandProcess : IAsyncDisposable
{
    private readonly Process _process;
    private readonly Task<string> _output;
    private readonly List<string> _progress = [];
    private readonly SemaphoreSlim _line = new(0);
    private readonly Task _reading;
    private bool _ended;

    /// <summary>Starts it with arguments that may name its folder, and with more of an environment than this process has.</summary>
    protected CommandProcess(Func<string, IEnumerable<string>> arguments, IReadOnlyDictionary<string, string>? environment = null)
    {
        Folder = Directory.CreateTempSubdirectory("parcae-e2e-").FullName;
        // What runs in the background of a shell ignores SIGINT, and so would the command.
        var start = new ProcessStartInfo("env") { RedirectStandardOutput = true, RedirectStandardError = true, WorkingDirectory = Folder };
        foreach (string word in (string[])["--default-signal=INT", "dotnet", Parcae]) start.ArgumentList.Add(word);
        foreach (string argument in arguments(Folder)) start.ArgumentList.Add(argument);
        foreach (var (name, value) in environment ?? new Dictionary<string, string>()) start.Environment[name] = value;
        _process = Process.Start(start) ?? throw new InvalidOperationException("The command did not start.");
        _output = _process.StandardOutput.ReadToEndAsync();
        _reading = ReadProgressAsync();
    }

    /// <summary>The command, for <c>dotnet</c>.</summary>
    public static string Parcae { get; } = Path.GetFullPath(Path.Combine(AppContext.BaseDirectory, "..", "..", "Parcae.Cli", new DirectoryInfo(AppContext.BaseDirectory).Name, "parcae.dll"));

    /// <summary>Its folder.</summary>
    protected string Folder { get; }

    /// <summary>What was said on the way.</summary>
    public string Progress
    {
        get { lock (_progress) return string.Join(Environment.NewLine, _progress); }
    }

    /// <summary>Waits for a line that contains the words.</summary>
    public async Task SaysAsync(string words)
    {
        for (bool late = false; ; late = !await _line.WaitAsync(Patience.Long))
        {
            lock (_progress)
            {
                if (_progress.Exists(l => l.Contains(words, StringComparison.Ordinal))) return;
                Assert.False(late || _ended, $"The command {(_ended ? "ended without" : $"has said nothing more for {Patience.Long.TotalMinutes:0} minutes, and not")} '{words}':{Environment.NewLine}{Progress}");
            }
        }
    }

    /// <summary>The process ids of what it has started whose command line contains the words.</summary>
    public int[] Children(string words = "") =>
    [
        .. from folder in Directory.EnumerateDirectories("/proc")
           let name = Path.GetFileName(folder)
           where name.All(char.IsAsciiDigit)
           let line = CommandLine(folder)
           where line.Contains($"--parent-pid {_process.Id} ", StringComparison.Ordinal) && line.Contains(words, StringComparison.Ordinal)
           select int.Parse(name),
    ];

    public void Signal(string signal) => Signal(signal, _process.Id);

    public static void Signal(string signal, int pid)
    {
        using var kill = Process.Start("kill", [signal, $"{pid}"]);
        kill.WaitForExit();
    }

    /// <summary>Waits for the end; what it printed and its exit code.</summary>
    public async Task<(int ExitCode, string Output)> EndAsync()
    {
        using var patience = new CancellationTokenSource(TimeSpan.FromMinutes(8));
        await _process.WaitForExitAsync(patience.Token);
        await _reading;
        return (_process.ExitCode, await _output);
    }

    /// <summary>Waits for a good end and reads the result.</summary>
    public async Task<JsonElement> ResultAsync()
    {
        var (exitCode, output) = await EndAsync();
        Assert.True(exitCode == 0, $"Exit code {exitCode}.{Environment.NewLine}{Progress}{Environment.NewLine}{output}");
        return JsonDocument.Parse(output).RootElement;
    }

    public async ValueTask DisposeAsync()
    {
        if (!_process.HasExited) _process.Kill(entireProcessTree: true);
        await _process.WaitForExitAsync();
        _process.Dispose();
        _line.Dispose();
        Directory.Delete(Folder, recursive: true);
    }

    private static string CommandLine(string folder)
    {
        try
        {
            return File.ReadAllText(Path.Combine(folder, "cmdline")).Replace('\0', ' ') + " ";
        }
        catch (IOException)
        {
            // The process ended meanwhile.
            return "";
        }
    }

    private async Task ReadProgressAsync()
    {
        while (await _process.StandardError.ReadLineAsync() is { } line)
        {
            lock (_progress) _progress.Add(line);
            _line.Release();
        }

        lock (_progress) _ended = true;
        _line.Release();
    }
}
