using System.Diagnostics;
using System.Text;
using Xunit;

namespace Parcae.EndToEnd.Terminals;

/// <summary>A program, else the <c>parcae</c> command, on a pseudo-terminal of its own (that of util-linux's <c>script</c>), with what it shows.</summary>
internal sealed class TerminalProcess : IAsyncDisposable
{
    private const int Width = 120, Height = 44;

    private readonly Process _process;
    private readonly Screen _screen = new(Width, Height);
    private readonly Task _reading;
    private readonly List<(Func<string, bool> IsSo, TaskCompletionSource Seen)> _waiting = [];
    private readonly Lock _lock = new();

    /// <summary>Starts the command.</summary>
    /// <param name="folder">Where.</param>
    /// <param name="arguments">Words without quotes.</param>
    public TerminalProcess(string folder, params string[] arguments) : this(["dotnet", CommandProcess.Parcae, .. arguments], folder)
    {
    }

    /// <summary>Starts a program.</summary>
    /// <param name="words">The program and its arguments, without quotes.</param>
    /// <param name="folder">Where; it is the program's home too.</param>
    public TerminalProcess(string[] words, string folder)
    {
        string line = string.Join(' ', words.Select(a => $"'{a}'"));
        var start = new ProcessStartInfo("script") { RedirectStandardInput = true, RedirectStandardOutput = true, WorkingDirectory = folder, StandardOutputEncoding = Encoding.UTF8 };
        foreach (string argument in (string[])["-qec", $"stty cols {Width} rows {Height}; exec {line}", "/dev/null"]) start.ArgumentList.Add(argument);
        start.Environment["TERM"] = "xterm-256color";
        start.Environment["HOME"] = folder;
        _ = start.Environment.Remove("NO_COLOR");
        _process = Process.Start(start) ?? throw new InvalidOperationException("script did not start.");
        _reading = ReadAsync();
    }

    /// <summary>What the terminal shows.</summary>
    public string Text
    {
        get { lock (_lock) return _screen.Text; }
    }

    /// <summary>Whether any colour was set so far.</summary>
    public bool HadColours
    {
        get { lock (_lock) return _screen.HadColours; }
    }

    /// <summary>Whether the cursor is to be seen.</summary>
    public bool CursorVisible
    {
        get { lock (_lock) return _screen.CursorVisible; }
    }

    /// <summary>Waits until the terminal shows the words.</summary>
    public Task ShowsAsync(string words) => ShowsAsync(text => text.Contains(words, StringComparison.Ordinal), $"'{words}'");

    /// <summary>Waits until what the terminal shows is such.</summary>
    public async Task ShowsAsync(Func<string, bool> isSo, string what)
    {
        var seen = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        lock (_lock)
        {
            if (isSo(_screen.Text)) return;
            _waiting.Add((isSo, seen));
        }

        var first = await Task.WhenAny(seen.Task, _reading, Task.Delay(Patience.Long));
        Assert.True(seen.Task.IsCompleted, $"The terminal {(first == _reading ? "ended without" : $"did not show within {Patience.Long.TotalMinutes:0} minutes")} {what}:{Environment.NewLine}{Text}");
    }

    /// <summary>Types.</summary>
    public async Task TypeAsync(string text)
    {
        await _process.StandardInput.WriteAsync(text);
        await _process.StandardInput.FlushAsync();
    }

    /// <summary>Waits for its end.</summary>
    /// <returns>Its exit code.</returns>
    public async Task<int> EndAsync()
    {
        using var patience = new CancellationTokenSource(Patience.Long);
        await _process.WaitForExitAsync(patience.Token);
        await _reading;
        return _process.ExitCode;
    }

    public async ValueTask DisposeAsync()
    {
        if (!_process.HasExited) _process.Kill(entireProcessTree: true);
        await _process.WaitForExitAsync();
        _process.Dispose();
    }

    private async Task ReadAsync()
    {
        char[] buffer = new char[4096];
        for (int read; (read = await _process.StandardOutput.ReadAsync(buffer)) > 0;)
        {
            lock (_lock)
            {
                _screen.Write(buffer.AsSpan(0, read));
                string text = _screen.Text;
                foreach (var (_, seen) in _waiting.Where(w => w.IsSo(text))) seen.TrySetResult();
                _waiting.RemoveAll(w => w.Seen.Task.IsCompleted);
            }
        }
    }
}
