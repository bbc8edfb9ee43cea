using System.Diagnostics;
using Parcae.Cli.Commands;
using Parcae.Cli.Jobs.Checkpoints;

namespace Parcae.Client.Tests.Jobs;

public sealed class CheckpointCommandTests
{
    [Fact]
    public async Task The_silos_program_reads_the_checkpoints_and_its_failure_is_ours()
    {
        string folder = Directory.CreateTempSubdirectory("parcae-test-").FullName;
        try
        {
            var (code, output, error) = await CommandRun.RunAsync($"jobs export 3f2a --json --checkpoints {folder} --out {folder}/out");
            Assert.Equal((1, ""), (code, output));
            Assert.Equal($"parcae: Checkpoint {folder}/3f2a: there is no checkpoint of this job; {folder} has none of any job.", error.Trim());
            (code, output, error) = await CommandRun.RunAsync(["jobs", "generate", "../3f2a", "--checkpoints", folder, "--prompt", "-a b"]);
            Assert.Equal((2, ""), (code, output));
            Assert.StartsWith("parcae: --job: '../3f2a' cannot be the name of a folder.", error, StringComparison.Ordinal);
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    [Theory]
    [InlineData(false, false)]
    [InlineData(false, true)]
    [InlineData(true, false)]
    [InlineData(true, true)]
    public async Task Results_progress_and_complaints_go_where_they_belong(bool terminal, bool streams)
    {
        var (code, output, error) = await RunAsync("printf 'one\\ntwo'; echo ' 40 %  reading' >&2; echo 'Passed over: x' >&2; echo '100 %  reading' >&2; exit 1", streams, terminal);
        Assert.Equal(1, code);
        Assert.EndsWith("one\ntwo", output, StringComparison.Ordinal);
        Assert.Contains("parcae: Passed over: x", error, StringComparison.Ordinal);
        bool bar = terminal && !streams;
        Assert.Equal(!bar, error.Contains(" 40 %  reading", StringComparison.Ordinal));
        Assert.Equal(bar, output.Length > "one\ntwo".Length);
    }

    [Fact]
    public async Task An_end_that_is_no_exit_code_of_ours_is_a_failure_that_says_so()
    {
        var failed = await Assert.ThrowsAsync<CommandFailedException>(() => RunAsync("kill -9 $$", false, false));
        Assert.Equal("The silo's program ended with exit code 137.", failed.Message);
    }

    [Fact]
    public async Task An_interruption_ends_the_program()
    {
        using var interruption = new CancellationTokenSource();
        string file = Path.GetTempFileName();
        try
        {
            var running = RunAsync($"echo $$ > {file}; echo begun; exec sleep 600", true, false, interruption.Cancel, interruption.Token);
            await Assert.ThrowsAnyAsync<OperationCanceledException>(() => running);
            int id = int.Parse(await File.ReadAllTextAsync(file, TestContext.Current.CancellationToken));
            Assert.Throws<ArgumentException>(() => Process.GetProcessById(id));
        }
        finally
        {
            File.Delete(file);
        }
    }

    [Theory]
    [InlineData("  7 %  reading", 7, "reading")]
    [InlineData("100 %  writing", 100, "writing")]
    public void Progress_is_recognized(string line, double percent, string work) => Assert.Equal((percent, work), SiloTool.Progress(line));

    [Theory]
    [InlineData("7 % reading")]
    [InlineData("Passed over: 40 %  x")]
    [InlineData("")]
    public void What_is_no_progress_is_not(string line) => Assert.Null(SiloTool.Progress(line));

    private static async Task<(int Code, string Output, string Error)> RunAsync(string script, bool streams, bool terminal, Action? said = null, CancellationToken cancellation = default)
    {
        using var output = new Listener(said);
        using var error = new StringWriter();
        int code = await SiloTool.RunAsync(new ProcessStartInfo("sh", ["-c", script]), streams, new CommandContext(output, error, terminal), cancellation);
        return (code, output.ToString(), error.ToString());
    }

    /// <summary>Tells when something is written.</summary>
    private sealed class Listener(Action? said) : StringWriter
    {
        public override Task FlushAsync(CancellationToken cancellationToken)
        {
            said?.Invoke();
            return Task.CompletedTask;
        }
    }
}
