using System.Text.Json;

using Parcae.Client.Tests.Fakes;

namespace Parcae.Client.Tests.Jobs.Submitting;

public sealed class SubmitCommandTests : IAsyncDisposable
{
    private const string Document = "name: first\ntraining: { steps: 100, globalBatch: 32 }\n";

    private readonly FakeJobs _service = new();

    public ValueTask DisposeAsync() => _service.DisposeAsync();

    [Fact]
    public async Task It_says_what_the_planner_expects_and_asks_on_a_terminal()
    {
        var (code, output, error) = await CommandRun.RunAsync("jobs submit - --id a", _service, Document, answers: "what?\nY\n");
        Assert.Equal((0, ""), (code, error));
        Assert.Equal(
            """
            job        first: 100 steps, 32 samples each
            model      GPT, made up; 1.26 M parameters
            fleet      default: 6 instances usable, 4 free, 1 other job; the job can expect 4; 5.5 are forecast for the next interval
            strategy   2 x 2 (the best over 12 intervals)
            speed      40.5 samples/s expected over what may be preempted, 145,800 an hour; 01:19 for all steps
            cost       3.67 USD an hour, 25.19 USD for a million samples
            basis      i-0001 describes the model; layer times are measured there
            Submit it? [Y/n] Please answer y or n.
            Submit it? [Y/n] a is submitted; 'parcae jobs watch a' follows it

            """.ReplaceLineEndings(), output);
        Assert.Equal((100, 32), (_service.Submitted("a").Training.Steps, _service.Submitted("a").Training.GlobalBatch));
    }

    [Theory]
    [InlineData("n\n")]
    [InlineData("")]
    public async Task Who_does_not_agree_submits_nothing(string answer)
    {
        var (code, _, error) = await CommandRun.RunAsync("jobs submit - --id a", _service, Document, answers: answer);
        Assert.Equal((1, "parcae: Nothing was submitted.\n"), (code, error.ReplaceLineEndings("\n")));
        Assert.Throws<KeyNotFoundException>(() => _service.Submitted("a"));
    }

    [Theory]
    [InlineData("jobs submit - --id a --yes", "n\n")]
    [InlineData("jobs submit - --id a", null)]
    public async Task Nobody_is_asked_with_yes_or_where_nobody_sits(string line, string? answers)
    {
        var (code, output, _) = await CommandRun.RunAsync(line, _service, Document, answers);
        Assert.Equal(0, code);
        Assert.DoesNotContain("[Y/n]", output, StringComparison.Ordinal);
        Assert.Equal("first", _service.Submitted("a").Name);
    }

    [Fact]
    public async Task A_dry_run_submits_nothing_and_its_exit_code_says_whether_it_could_begin()
    {
        var (code, output, _) = await CommandRun.RunAsync("jobs submit - --id a --dry-run --json", _service, Document);
        Assert.Equal((0, "2"), (code, $"{JsonDocument.Parse(output).RootElement.GetProperty("preview").GetProperty("pipelines")}"));
        _service.Preview = _service.Preview with { Feasible = false, Reason = "it needs at least 8 instances and can expect 4 now", MinInstances = 8 };
        (code, output, _) = await CommandRun.RunAsync("jobs submit - --id a --dry-run", _service, Document);
        Assert.Equal(1, code);
        Assert.Contains("feasible   not now: it needs at least 8 instances and can expect 4 now", output, StringComparison.Ordinal);
        Assert.Throws<KeyNotFoundException>(() => _service.Submitted("a"));
    }

    [Fact]
    public async Task What_could_never_be_trained_is_submitted_only_with_yes()
    {
        _service.Preview = _service.Preview with { Feasible = false, Reason = "no strategy fits", MinInstances = null };
        var (code, _, error) = await CommandRun.RunAsync("jobs submit - --id a", _service, Document);
        Assert.Equal((1, "parcae: Nothing was submitted: no strategy fits. --yes submits it all the same.\n"), (code, error.ReplaceLineEndings("\n")));
        (code, _, _) = await CommandRun.RunAsync("jobs submit - --id a --yes", _service, Document);
        Assert.Equal((0, "first"), (code, _service.Submitted("a").Name));
    }

    [Fact]
    public async Task Fields_are_set_on_the_command_line_and_the_job_is_followed()
    {
        var (code, output, error) = await CommandRun.RunAsync("jobs submit - --id a --set training.steps=7 --set model.preset=gpt2 --set data.kind=synthetic --watch --json", _service, Document);
        Assert.True(code == 0, error);
        Assert.Equal((7, 12), (_service.Submitted("a").Training.Steps, _service.Submitted("a").Model.Blocks));
        Assert.Equal("completed", JsonDocument.Parse(output).RootElement.GetProperty("status").GetProperty("phase").GetString());
        Assert.Contains("completed", error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Every_problem_of_a_file_is_told_with_its_line()
    {
        string file = Path.Combine(Directory.CreateTempSubdirectory("parcae-test-").FullName, "job.yml");
        await File.WriteAllTextAsync(file, "nmae: a\ntraining:\n  globalBatch: 0\n", TestContext.Current.CancellationToken);
        try
        {
            var (code, output, error) = await CommandRun.RunAsync($"jobs submit {file} --set training.stesp=5", _service);
            Assert.Equal((2, ""), (code, output));
            Assert.Equal(
                [
                    $"parcae: {file}: line 1: nmae: there is no such field; did you mean name?",
                    $"parcae: {file}: line 3: training.globalBatch: 0 is not valid; it must be a multiple of training.microBatches (8).",
                    $"parcae: {file}: training.stesp: there is no such field; did you mean steps?",
                ],
                error.ReplaceLineEndings("\n").TrimEnd('\n').Split('\n'));
        }
        finally
        {
            Directory.Delete(Path.GetDirectoryName(file)!, recursive: true);
        }
    }
}
