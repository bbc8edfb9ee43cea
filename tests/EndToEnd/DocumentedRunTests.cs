using System.Diagnostics;
using Parcae.Client.Tests.Documentation;
using Parcae.Grains;
using Xunit;

namespace Parcae.EndToEnd;

/// <summary>The commands that Markdown files show and that start processes, read what a job has left or work for long, run as they stand there, against a service of real processes.</summary>
[Collection("one at a time")]
public sealed class DocumentedRunTests(ReplayService service) : IClassFixture<ReplayService>
{
    /// <summary>Ids that the texts give to jobs.</summary>
    private static readonly string[] Jobs = ["first", "3f2a"];

    /// <summary>What would take long as it stands, with the options that keep it short.</summary>
    private static readonly Dictionary<string, string> Shortened = new()
    {
        ["profile"] = "--max-pipelines 1 --max-depth 1 --step-budget 1",
        ["replay --trace aws-p3"] = "--to 482 --interval 4 --unannounced 0",
        ["replay"] = "--to 2 --interval 4 --unannounced 0",
    };

    /// <summary>Run by <c>.ci/run</c> with an interval of its own and <c>--verify</c>.</summary>
    private static readonly string[] InContinuousIntegration = ["demo"];

    /// <summary>Verbs that a job's document is for.</summary>
    private static readonly string[] Submitting = ["jobs submit"], Reading = ["jobs report", "jobs download", "jobs export", "jobs generate"], Planning = ["simulate", "forecast"], Long = ["profile", "replay"];

    private const string Documented = "http://127.0.0.1:8080/";

    /// <summary>Curl's exit code for the end of its --max-time.</summary>
    private const int TimedOut = 28;

    private static IEnumerable<string> Lines => DocumentedCommands.All.Select(c => c.Line).Where(l => !DocumentedCommands.IsCheap(l)).Distinct();

    [Fact]
    public void Every_command_that_is_shown_is_run_somewhere() =>
        Assert.DoesNotContain(Lines, l => !Begins(l, [.. Submitting, .. Reading, .. Planning, .. Long, .. InContinuousIntegration]));

    [Fact]
    public async Task Jobs_are_submitted_and_what_they_leave_is_read_as_the_texts_say()
    {
        await CancelAllAsync();
        foreach (string line in Lines.Where(l => Begins(l, Submitting))) await RunAsync(line);
        foreach (string job in Jobs)
            await ReplayService.UntilAsync(async () => (await service.Client.GetStatusAsync(job)).Phase == JobPhase.Completed, $"{job} is completed");
        foreach (string line in Lines.Where(l => Begins(l, Reading))) await RunAsync(line);
        foreach (string line in Lines.Where(l => Begins(l, Planning) && !l.Contains("--all", StringComparison.Ordinal))) await RunAsync(line);
    }

    [Fact]
    public async Task Models_are_measured_and_traces_acted_out_as_the_texts_say()
    {
        LongTests.Only();
        string job = await service.TrainingAsync("replayed");
        foreach (string line in Lines.Where(l => Begins(l, Planning) || Begins(l, Long))) await RunAsync(line);
        await service.FinishAsync(job);
    }

    [Fact]
    public async Task Calls_of_the_api_are_made_as_the_texts_say()
    {
        string[] calls = [.. MarkdownFiles.Blocks.SelectMany(b => b.Text.Split('\n')).Select(l => l.Trim()).Where(l => l.StartsWith("curl ", StringComparison.Ordinal) && l.Contains(Documented, StringComparison.Ordinal)).Distinct()];
        Assert.True(calls.Length >= 4, "hardly any call is shown");
        await using var shell = new ShellFolder();
        foreach (string call in calls)
        {
            // A stream goes on as long as its job; where a token is shown, this service asks for none. The job of the texts is the other test's.
            string line = call.Replace(Documented, $"http://127.0.0.1:{service.HttpPort}/", StringComparison.Ordinal).Replace("first", "called", StringComparison.Ordinal) + " --fail-with-body" + (call.Contains(" -N ", StringComparison.Ordinal) ? " --max-time 1" : "");
            var (code, said) = await shell.RunAsync(line);
            Assert.True(code == 0 || (code == TimedOut && call.Contains(" -N ", StringComparison.Ordinal)), $"{call}{Environment.NewLine}exit code {code}{Environment.NewLine}{said}");
            Assert.NotEmpty(said);
        }

        await CancelAllAsync();
    }

    /// <summary>What another test has left behind would have a share of the fleet.</summary>
    private async Task CancelAllAsync()
    {
        foreach (string left in await service.Client.ListJobsAsync()) await service.Client.CancelAsync(left);
    }

    private static bool Begins(string line, IEnumerable<string> verbs) => verbs.Any(v => line == $"parcae {v}" || line.StartsWith($"parcae {v} ", StringComparison.Ordinal));

    /// <summary>A command line with options, each with its value, in place of those of the same name or besides.</summary>
    private static IEnumerable<string> With(string[] words, string[] options)
    {
        string[] names = [.. options.Where((_, i) => i % 2 == 0)];
        return [.. words.Where((w, i) => !names.Contains(w) && (i == 0 || !names.Contains(words[i - 1]))), .. options];
    }

    private async Task RunAsync(string line)
    {
        string[] words = DocumentedCommands.Words(line)[1..];
        string? shorter = Shortened.FirstOrDefault(s => line.StartsWith($"parcae {s.Key} ", StringComparison.Ordinal)).Value;
        bool asksService = Begins(line, [.. Submitting, "jobs report", "jobs download", "replay"]);
        await using var command = new DocumentedProcess(service, [.. With(words, shorter?.Split(' ') ?? []), .. asksService ? ["--redis", service.Redis] : Array.Empty<string>()]);
        var (code, output) = await command.EndAsync();
        command.KeepPlan();
        Assert.True(code == 0, $"{line}{Environment.NewLine}exit code {code}{Environment.NewLine}{command.Progress}{Environment.NewLine}{output}");
    }

    private static void WriteJob(string folder, int steps)
    {
        var spec = ReplayService.Spec("documented");
        spec = spec with { Training = spec.Training with { Steps = steps, CheckpointEvery = 100, CheckpointsKept = 1000 } };
        File.WriteAllText(Path.Combine(folder, "job.yaml"), JobSpecDocument.Write(spec, JobSpecFormat.Yaml));
    }

    /// <summary>A folder with a job's document, and a shell in it.</summary>
    private sealed class ShellFolder : IAsyncDisposable
    {
        private readonly string _folder = Directory.CreateTempSubdirectory("parcae-e2e-").FullName;

        // Of thousands of steps: it is still there when it is asked for.
        public ShellFolder() => WriteJob(_folder, 100_000);

        public async Task<(int Code, string Said)> RunAsync(string line)
        {
            using var shell = Process.Start(new ProcessStartInfo("bash", ["-c", line]) { RedirectStandardOutput = true, RedirectStandardError = true, WorkingDirectory = _folder })
                ?? throw new InvalidOperationException("bash did not start.");
            var (output, error) = (shell.StandardOutput.ReadToEndAsync(), shell.StandardError.ReadToEndAsync());
            await shell.WaitForExitAsync(TestContext.Current.CancellationToken);
            return (shell.ExitCode, await output + await error);
        }

        public ValueTask DisposeAsync()
        {
            Directory.Delete(_folder, recursive: true);
            return ValueTask.CompletedTask;
        }
    }

    /// <summary>A command in a folder that has what the texts speak of: a job's document, the checkpoints' folder, and what earlier commands have written.</summary>
    private sealed class DocumentedProcess(ReplayService service, string[] words) : CommandProcess(folder => Furnished(folder, service, words))
    {
        private const string Plan = "plan.json";

        private static string[] Furnished(string folder, ReplayService service, string[] words)
        {
            // Where a job has an id of the texts, a checkpoint of step 200 is spoken of; the others need not train long.
            WriteJob(folder, words.Contains("--id") ? 200 : 8);
            foreach (string name in (string[])["run", "checkpoints"]) Directory.CreateSymbolicLink(Path.Combine(folder, name), name == "run" ? service.Folder : Path.Combine(service.Folder, "checkpoints"));
            if (File.Exists(Kept(service))) File.Copy(Kept(service), Path.Combine(folder, Plan));
            return words;
        }

        /// <summary>What simulate writes, replay reads.</summary>
        public void KeepPlan()
        {
            if (File.Exists(Path.Combine(Folder, Plan))) File.Copy(Path.Combine(Folder, Plan), Kept(service), overwrite: true);
        }

        private static string Kept(ReplayService service) => Path.Combine(service.Folder, Plan);
    }
}
