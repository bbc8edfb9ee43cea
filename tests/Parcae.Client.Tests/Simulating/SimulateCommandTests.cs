using Parcae.Liveput.Simulation;
using Parcae.Liveput.Traces;

namespace Parcae.Client.Tests.Simulating;

/// <summary>Tables, files and wrong usage of <c>parcae simulate</c>.</summary>
public sealed class SimulateCommandTests : SimulateRun
{
    private const string Quick = "--forecast persistence --look-ahead 2";

    [Fact]
    public async Task One_run_is_a_table_with_a_row_for_each_policy()
    {
        string[] lines = (await OutputAsync($"simulate --trace HADP --to 20 {Quick}")).Split('\n');
        Assert.Equal("gpt-1.5b on aws-p3:HADP[0..20), minutes 0 to 20 (20 intervals), artifact costs", lines[0]);
        string title = lines.Single(l => l.TrimStart().StartsWith("policy", StringComparison.Ordinal));
        Assert.All((string[])["samples", "of ideal", "intra", "inter", "depth", "paused", "plan ms", "USD", "per million"], column => Assert.Contains(column, title, StringComparison.Ordinal));
        Assert.DoesNotContain("done after", title, StringComparison.Ordinal);
        foreach (string policy in (string[])["ideal", "reactive", "liveput (persistence)", "oracle"]) Assert.Single(lines, l => l.TrimStart().StartsWith(policy, StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_job_is_run_beside_the_usual_policies_and_the_table_says_when_it_was_done()
    {
        string[] lines = (await OutputAsync($"simulate --trace HADP --to 30 {Quick} --job-samples 30000 --deadline 30")).Split('\n');
        Assert.Contains("done after", lines.Single(l => l.TrimStart().StartsWith("policy", StringComparison.Ordinal)), StringComparison.Ordinal);
        Assert.Contains(" min ", lines.Single(l => l.TrimStart().StartsWith("deadline (persistence)", StringComparison.Ordinal)), StringComparison.Ordinal);
        string never = await OutputAsync($"simulate --trace HADP --to 30 {Quick} --policy deadline --job-samples 1e9 --deadline 30");
        Assert.Contains("never", never, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Markdown_has_a_row_for_each_run_and_the_means()
    {
        string[] lines = (await OutputAsync("simulate --profile gpt-1.5b,bert --trace HADP --trace LASP --policy ideal,reactive --markdown")).TrimEnd('\n').Split('\n');
        Assert.Equal(7, lines.Length);
        Assert.Equal("| profile | trace | ideal samples | ideal | reactive |", lines[0]);
        Assert.Equal("| --- | --- | ---: | ---: | ---: |", lines[1]);
        Assert.Equal("| gpt-1.5b | aws-p3:HADP | 143,547.3 | 1.0000 | 0.7492 |", lines[2]);
        Assert.StartsWith("| mean |  |  | 1.0000 | 0.", lines[6], StringComparison.Ordinal);
        Assert.All(lines, l => Assert.Equal(6, l.Count(c => c == '|')));
        lines = (await OutputAsync("simulate --trace HADP --policy reactive --restart-cost 5,20 --markdown")).Split('\n');
        Assert.Equal("| profile | trace | restart s | ideal samples | reactive |", lines[0]);
    }

    [Theory]
    [InlineData("svg", "--policy ideal,liveput")]
    [InlineData("png", "--policy ideal,liveput")]
    [InlineData("svg", "--policy reactive,oracle --profile gpt-1.5b,bert")]
    [InlineData("png", "--policy reactive,oracle --profile gpt-1.5b,bert --draws 2")]
    public async Task A_picture_is_written_beside_what_is_printed(string kind, string options)
    {
        string file = Path.Combine(Folder, $"picture.{kind}");
        Assert.NotEmpty(await OutputAsync($"simulate --trace HADP --to 12 {Quick} {options} --plot {file}"));
        string content = await File.ReadAllTextAsync(file, TestContext.Current.CancellationToken);
        if (kind == "svg") Assert.All((string[])["gpt-1.5b", options.Contains("bert", StringComparison.Ordinal) ? ">reactive<" : "liveput (persistence)"], text => Assert.Contains(text, content, StringComparison.Ordinal));
        else Assert.Contains("PNG", content[..8], StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_plan_file_holds_what_every_policy_ran_and_is_a_trace_too()
    {
        string file = Path.Combine(Folder, "plan.json"), events = Path.Combine(Folder, "events.csv");
        _ = await OutputAsync($"simulate --trace aws-p3 --from 340 --to 360 --policy all --job-samples 20000 --deadline 20 {Quick} --plan-out {file}");
        var plan = PlanFile.Load(file);
        Assert.Equal(("gpt-1.5b", "artifact", 20), (plan.Profile, plan.CostModel, plan.Trace.Intervals.Count));
        Assert.Equal(["ideal", "on-demand", "reactive", "checkpoint", "redundant", "templates", "artifact", "liveput-ahead", "liveput", "oracle", "deadline"], plan.Policies.Select(p => p.Policy));
        Assert.Equal(["persistence", "persistence", "persistence", "persistence"], plan.Policies.Select(p => p.Forecast).OfType<string>());
        Assert.All(plan.Policies.Single(p => p.Policy == "on-demand").OnDemand, n => Assert.True(n > 0));
        Assert.Empty(plan.Policies.Single(p => p.Policy == "liveput").OnDemand);
        Assert.Contains("10 intervals", await OutputAsync($"trace inspect {file} --from 5 --to 15"), StringComparison.Ordinal);
        _ = await OutputAsync($"trace convert {file} {events} --format events --from 5 --to 15");
        Assert.Equal(plan.Trace.Slice(5, 15).Intervals.Select(i => i.Available), TraceFile.Load(events).Intervals.Select(i => i.Available));
    }

    [Fact]
    public void All_compares_the_published_protocol_with_ours()
    {
        var request = new Parcae.Cli.Simulating.SimulateOptions();
        var command = new System.CommandLine.Command("simulate");
        request.AddTo(command);
        var all = request.Read(command.Parse("--all"));
        Assert.Equal((5, 5, 25), (all.Profiles.Count, all.Parts.Count, all.Runs));
        Assert.DoesNotContain("deadline", all.Policies);
        Assert.Equal(10, all.Policies.Count);
        Assert.Equal(["artifact-arima", "persistence", "ensemble"], all.Forecasts("artifact"));
        Assert.Equal(["persistence", "ensemble"], all.Forecasts("liveput"));
        Assert.Equal(["ensemble"], all.Forecasts("liveput-ahead"));
        Assert.Equal(["holt"], request.Read(command.Parse("--all --forecast holt")).Forecasts("artifact"));
    }

    [Theory]
    [InlineData("--policy luck", "--policy: 'luck' is not a policy; it must be one of ideal, on-demand, reactive, checkpoint, redundant, templates, artifact, liveput-ahead, liveput, oracle, deadline, or all.")]
    [InlineData("--policy ,", "--policy: ',' names nothing; it must be one of ideal")]
    [InlineData("--forecast stars", "--forecast: 'stars' is not a forecaster; it must be one of persistence, arima, artifact-arima, holt, survival, ensemble, or all.")]
    [InlineData("--cost-model cheap", "--cost-model: 'cheap' is not valid; it must be artifact or corrected.")]
    [InlineData("--profile gpt-9", "--profile: 'gpt-9' is neither a built-in profile nor a file; built in are bert, gpt-1.5b")]
    [InlineData("--trace HADP,LADP", "--trace: 'HADP,LADP' is not a trace; for several, give --trace several times")]
    [InlineData("--draws 1", "--draws: '1' is not valid; it must be 0, or at least 2 for an interval.")]
    [InlineData("--look-ahead 2.5", "--look-ahead: '2.5' is not valid; it must be a whole number.")]
    [InlineData("--look-ahead 3,0", "--look-ahead: '0' is not valid; it must be a number from 1 to 1000, several with commas between them.")]
    [InlineData("--restart-cost 10,x", "--restart-cost: 'x' is not valid; it must be a number from 0 to 1000000")]
    [InlineData("--from 40 --to 30", "--from: 40 is not valid; it must be under 30, where the part ends.")]
    [InlineData("--to 61", "--to: 61 is not valid; trace aws-p3:HADP has 60 minutes.")]
    [InlineData("--profile gpt-1.5b,bert --plan-out p.json", "--plan-out: a plan file holds one run; these options make 2.")]
    [InlineData("--plan-out /no/such/folder/p.json", "--plan-out: the folder '/no/such/folder' does not exist; it must be one that does.")]
    [InlineData("--plot picture.gif", "--plot: 'picture.gif' is not valid; it must be a file that ends in .svg or .png.")]
    [InlineData("--all", "--all: it means every built-in profile and trace; leave --profile and --trace out.")]
    [InlineData("--json --markdown", "--markdown: it cannot be together with --json; leave one of them out.")]
    [InlineData("--policy deadline", "--policy: deadline needs a job; give --job-samples and --deadline.")]
    [InlineData("--job-samples 100", "--deadline: it is missing; --job-samples says how long the job is, not when it must be done.")]
    [InlineData("--deadline 100", "--job-samples: it is missing; --deadline says when the job must be done, not how long it is.")]
    [InlineData("--job-samples 100 --deadline 61", "--deadline: 61 is not valid; it must be at most 60, the minutes of aws-p3:HADP.")]
    [InlineData("--job-samples 100 --deadline 30 --policy liveput", "--job-samples: none of the policies liveput has a deadline; only deadline has.")]
    [InlineData("--job-samples 0 --deadline 30", "--job-samples: '0' is not valid; it must be a number from 1")]
    public async Task Wrong_usage_says_what_was_wrong_and_exits_with_2(string options, string message)
    {
        var (code, output, error) = await CommandRun.RunAsync($"simulate {(options.Contains("--trace", StringComparison.Ordinal) ? "" : "--trace HADP")} {options}");
        Assert.Equal((2, ""), (code, output));
        Assert.Contains(message, error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_profile_without_constants_of_reconfiguration_is_refused()
    {
        string file = Path.Combine(Folder, "small.json");
        await File.WriteAllTextAsync(
            file,
            """
            {
              "model": "small", "globalBatch": 16, "linkBytesPerSecond": 1000000,
              "layers": [{ "parameters": 1000, "forwardMs": 1 }, { "parameters": 1000, "forwardMs": 1 }],
              "measured": [{ "pipelines": 1, "depth": 2, "samplesPerSecond": 10 }]
            }
            """,
            TestContext.Current.CancellationToken);
        var (code, output, error) = await CommandRun.RunAsync($"simulate --profile {file}");
        Assert.Equal((2, ""), (code, output));
        Assert.Contains($"--profile: {file} holds no modelBuildMs; a simulation needs the profile's constants of reconfiguration.", error, StringComparison.Ordinal);
    }
}
