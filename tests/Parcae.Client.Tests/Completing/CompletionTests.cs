using System.Diagnostics;

namespace Parcae.Client.Tests.Completing;

public sealed class CompletionTests
{
    [Theory]
    [InlineData("parcae jobs s", "show submit")]
    [InlineData("parcae jobs submit job.yaml --dr", "--dry-run")]
    [InlineData("parcae compl", "completion")]
    [InlineData("parcae completion ", "bash fish pwsh zsh")]
    [InlineData("parcae simulate --trace LA", "LADP LASP")]
    [InlineData("parcae jobs export j-1 --format ", "huggingface safetensors")]
    public async Task The_command_says_what_may_come_next(string line, string words)
    {
        var (code, output, error) = await CommandRun.RunAsync([$"[suggest:{line.Length}]", line]);
        Assert.Equal((0, ""), (code, error));
        string[] offered = output.Split('\n', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries);
        Assert.Equal(words.Split(' '), offered.Where(w => words.Split(' ').Contains(w)).Order(StringComparer.Ordinal));
    }

    [Fact]
    public async Task Bash_takes_the_script_and_completes_with_what_the_command_says()
    {
        string folder = Directory.CreateTempSubdirectory("parcae-test-").FullName;
        try
        {
            var (_, script, _) = await CommandRun.RunAsync("completion bash");
            await File.WriteAllTextAsync(Path.Combine(folder, "parcae.bash"), script, TestContext.Current.CancellationToken);
            var start = new ProcessStartInfo("bash") { RedirectStandardOutput = true, RedirectStandardError = true };
            start.ArgumentList.Add("-c");
            // The command itself is stood in for: it says what it was asked.
            start.ArgumentList.Add($$"""
                parcae() { printf '%s\n' show submit "asked:$1:$2"; }
                source {{folder}}/parcae.bash
                COMP_LINE='parcae jobs s' COMP_POINT=13 COMP_WORDS=(parcae jobs s) COMP_CWORD=2
                _parcae
                printf '%s\n' "${COMPREPLY[@]}"
                complete -p parcae
                parcae "[suggest:$COMP_POINT]" "$COMP_LINE" | tail -n 1
                """);
            using var bash = Process.Start(start)!;
            string output = await bash.StandardOutput.ReadToEndAsync(TestContext.Current.CancellationToken);
            Assert.Equal("", await bash.StandardError.ReadToEndAsync(TestContext.Current.CancellationToken));
            await bash.WaitForExitAsync(TestContext.Current.CancellationToken);
            Assert.Equal(["show", "submit", "complete -o default -F _parcae parcae", "asked:[suggest:13]:parcae jobs s"], output.Split('\n', StringSplitOptions.RemoveEmptyEntries));
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }
}
