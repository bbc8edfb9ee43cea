using System.Diagnostics;
using System.Runtime.InteropServices;
using Xunit;

namespace Parcae.EndToEnd.Terminals;

/// <summary>The tab key in shells other than bash.</summary>
public sealed class CompletionTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("parcae-test-").FullName;

    [Fact]
    public Task Zsh_completes_at_the_first_press() => CompletesAsync(
        "zsh", ["zsh", "-f", "-i"], ".", $"parcae() {{ dotnet '{CommandProcess.Parcae}' \"$@\" }}; fpath=($PWD $fpath); parcae completion zsh > _parcae; autoload -Uz compinit; compinit -u -D");

    [Fact]
    public Task Fish_completes() => CompletesAsync(
        "fish", ["fish", "--private"], ".config/fish/completions", $"function parcae; dotnet '{CommandProcess.Parcae}' $argv; end; parcae completion fish > .config/fish/completions/parcae.fish");

    [Fact]
    public async Task PowerShell_completes()
    {
        SkipWithout("pwsh", "dotnet tool install --global powershell");
        await File.WriteAllTextAsync(Path.Combine(_folder, "particular.yaml"), "");
        var start = new ProcessStartInfo("pwsh") { RedirectStandardOutput = true, WorkingDirectory = _folder };
        // A function would be completed by its parameters: here it is the program itself, which has to find its runtime.
        start.Environment["PATH"] = $"{Path.GetDirectoryName(CommandProcess.Parcae)}:{start.Environment["PATH"]}";
        start.Environment["DOTNET_ROOT"] = Path.GetFullPath(Path.Combine(RuntimeEnvironment.GetRuntimeDirectory(), "..", "..", ".."));
        start.Environment["HOME"] = _folder;
        string[] lines = ["parcae jobs canc", "parcae simulate --trace LAD", "parcae jobs submit par"];
        string command = "parcae completion pwsh > profile.ps1; . ./profile.ps1; "
            + string.Join("; ", lines.Select(line => $"(TabExpansion2 -inputScript '{line}' -cursorColumn {line.Length}).CompletionMatches.CompletionText"));
        foreach (string argument in (string[])["-NoProfile", "-NonInteractive", "-Command", command]) start.ArgumentList.Add(argument);
        using var pwsh = Process.Start(start)!;
        string output = await pwsh.StandardOutput.ReadToEndAsync(TestContext.Current.CancellationToken);
        await pwsh.WaitForExitAsync(TestContext.Current.CancellationToken);
        Assert.Equal(["cancel", "LADP", "./particular.yaml"], output.Split('\n', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries));
    }

    private static void SkipWithout(string shell, string install) =>
        Assert.SkipUnless(Environment.GetEnvironmentVariable("PATH")!.Split(':').Any(f => File.Exists(Path.Combine(f, shell))), $"there is no {shell} here: {install}");

    private async Task CompletesAsync(string shell, string[] words, string completions, string prepare)
    {
        SkipWithout(shell, $"apt-get install {shell}");
        Directory.CreateDirectory(Path.Combine(_folder, completions));
        await File.WriteAllTextAsync(Path.Combine(_folder, "particular.yaml"), "");
        await using var terminal = new TerminalProcess(words, _folder);

        // Two words: what is typed is shown too.
        await terminal.TypeAsync($"{prepare}; echo PREPARED''FOR {shell}\n");
        await terminal.ShowsAsync($"PREPAREDFOR {shell}");
        await terminal.TypeAsync("parcae jobs canc\t");
        await terminal.ShowsAsync("parcae jobs cancel");
        await terminal.TypeAsync("\u0015parcae simulate --trace LAD\t");
        await terminal.ShowsAsync("parcae simulate --trace LADP");
        // Where the command offers nothing, files are.
        await terminal.TypeAsync("\u0015parcae jobs submit par\t");
        await terminal.ShowsAsync("parcae jobs submit particular.yaml");
    }

    public void Dispose() => Directory.Delete(_folder, recursive: true);
}
