using System.Text.Json;
using Parcae.Grains;
using Parcae.Liveput.Simulation;
using Parcae.Liveput.Traces;
using Xunit;

namespace Parcae.EndToEnd;

/// <summary><c>parcae replay</c> on real workers of a running service.</summary>
[Collection("one at a time")]
public sealed class ReplayTests(ReplayService service) : IClassFixture<ReplayService>
{
    [Fact]
    public async Task A_trace_with_losses_of_both_kinds_leaves_the_loss_where_an_undisturbed_run_has_it_and_the_fleet_whole()
    {
        string job = await service.TrainingAsync("disturbed");
        var before = await service.SilosAsync();
        await using var replay = new ReplayProcess(service, "2 3 1 3 2 3", "--job", job, "--interval", "5", "--unannounced", "0.5", "--seed", "3");

        var result = await replay.ResultAsync();

        var preemptions = result.GetProperty("preemptions");
        Assert.Equal((1, 2), (preemptions.GetProperty("noticed").GetInt32(), preemptions.GetProperty("unannounced").GetInt32()));
        Assert.Equal((0, 0), (result.GetProperty("samplesLost").GetInt64(), result.GetProperty("samplesRepeated").GetInt64()));
        Assert.Equal((2, 1, 3), (Count(result, "start"), Count(result, "min"), Count(result, "max")));
        Assert.Equal((6, 6, 3), (Part(result, "intervals").GetInt32(), Part(result, "ofIntervals").GetInt32(), Part(result, "workers").GetInt32()));
        Assert.Equal((JsonValueKind.Null, 0), (Part(result, "stopped").ValueKind, Part(result, "notBack").GetArrayLength()));
        // The one that it began with and those after the notice and the losses; how many joins become plans in the time is the machine's matter.
        Assert.True(result.GetProperty("generations").GetArrayLength() >= 2, replay.Progress);
        Assert.Contains("Parcae replay", await File.ReadAllTextAsync(result.GetProperty("reportPath").GetString()!, TestContext.Current.CancellationToken), StringComparison.Ordinal);

        Assert.True(service.AllLive, replay.Progress);
        var after = await service.SilosAsync();
        Assert.Equal(ReplayService.Workers, after.Keys.Order());
        Assert.All(ReplayService.Workers, id => Assert.NotEqual(before[id], after[id]));

        var history = await service.FinishAsync(job);
        Assert.Equal((0, 0, 0), (history.Ledger.SamplesLost, history.Ledger.SamplesRepeated, history.Ledger.ReplayMismatches));
        Assert.Equal(await service.UndisturbedAsync(history.Steps.Length), history.Steps.Select(s => s.Loss));
        double[] told = [.. result.GetProperty("losses").EnumerateArray().Select(l => l.GetDouble())];
        int first = Array.IndexOf([.. history.Steps.Select(s => s.Loss)], told[0]);
        Assert.Equal(history.Steps.Skip(first).Take(told.Length).Select(s => s.Loss), told);
    }

    [Fact]
    public async Task Interrupted_it_puts_the_fleet_back_and_tells_what_was_done_and_nobody_else_has_the_fleet_meanwhile()
    {
        string job = await service.TrainingAsync("interrupted");
        var before = await service.SilosAsync();
        await using var replay = new ReplayProcess(service, $"3 2 2 2 {string.Join(' ', Enumerable.Repeat(1, 100))}", "--interval", "4", "--unannounced", "1");
        await replay.SaysAsync("is gone without notice");
        await using (var second = new ReplayProcess(service, "3 2 3", "--interval", "4"))
        {
            var (refused, _) = await second.EndAsync();
            Assert.Equal(1, refused);
            Assert.Contains("Another replay is running on fleet 'default': r", second.Progress, StringComparison.Ordinal);
        }

        replay.Signal("-INT");
        var (code, output) = await replay.EndAsync();

        Assert.True(code == 1, $"Exit code {code}.{Environment.NewLine}{replay.Progress}");
        var result = JsonDocument.Parse(output).RootElement;
        Assert.Equal("interrupted", Part(result, "stopped").GetString());
        Assert.Equal(0, Part(result, "notBack").GetArrayLength());
        Assert.InRange(Part(result, "intervals").GetInt32(), 1, 103);
        Assert.Contains("FAILED: the replay stopped after", replay.Progress, StringComparison.Ordinal);
        Assert.True(service.AllLive, replay.Progress);
        var after = await service.SilosAsync();
        Assert.Equal(ReplayService.Workers, after.Keys.Order());
        Assert.Contains(ReplayService.Workers, id => before[id] != after[id]);
        var history = await service.FinishAsync(job);
        Assert.Equal((0, 0), (history.Ledger.SamplesLost, history.Ledger.SamplesRepeated));
    }

    [Fact]
    public async Task With_a_plan_file_the_job_runs_its_strategies_and_plans_by_itself_afterwards()
    {
        LongTests.Only();
        string job = await service.TrainingAsync("following");
        string plan = PlanFile([new(0, 0, 3), new(0, 1, 2), new(1, 0, 3)], new(1, 2), new(2, 1), new(3, 1));
        await using var replay = new ReplayProcess(service, ["--plan", plan, "--interval", "12", "--unannounced", "0"]);

        var result = await replay.ResultAsync();

        Assert.Equal("liveput", Part(result, "policy").GetString());
        string[] strategies = [.. result.GetProperty("generations").EnumerateArray().Skip(1).Select(g => g.GetProperty("strategy").GetString()!)];
        Assert.Equal(["1 x 2", "2 x 1", "3 x 1"], strategies.Where((s, i) => i == 0 || s != strategies[i - 1]));
        Assert.Contains(await service.Client.GetEventsAsync(job, cancellation: TestContext.Current.CancellationToken), e => e.Message.StartsWith("plans by itself again: it was told to", StringComparison.Ordinal));
        Assert.Equal(ReplayService.Workers, (await service.SilosAsync()).Keys.Order());
        await service.FinishAsync(job);
    }

    [Fact]
    public async Task Killed_itself_it_leaves_workers_that_come_back_by_themselves_and_a_job_that_plans_again()
    {
        LongTests.Only();
        string job = await service.TrainingAsync("left-alone");
        var before = await service.SilosAsync();
        string plan = PlanFile([new(0, 0, 3), new(0, 1, 2), new(0, 0, 2)], new(1, 2), new(1, 2), new(1, 2));
        await using (var replay = new ReplayProcess(service, ["--plan", plan, "--interval", "3", "--unannounced", "1"]))
        {
            await replay.SaysAsync("is gone without notice");
            replay.Signal("-KILL");
            await replay.EndAsync();
        }

        await ReplayService.UntilAsync(async () => await service.SilosAsync() is { Count: 3 } now && now.Any(n => before[n.Key] != n.Value), "whoever was away is back");
        Assert.True(service.AllLive);
        await ReplayService.UntilAsync(
            async () => await service.Client.GetStatusAsync(job) is { Phase: JobPhase.Training, Plan: { } now } && ReplayService.Workers.All(w => now.Of(w) is not null), $"{job} plans by itself, with all");
        Assert.Contains(
            await service.Client.GetEventsAsync(job, cancellation: TestContext.Current.CancellationToken), e => e.Message.StartsWith("plans by itself again", StringComparison.Ordinal));

        // The fleet is free again.
        await using (var next = new ReplayProcess(service, "3", "--interval", "0.5")) Assert.Equal(0, Part(await next.ResultAsync(), "notBack").GetArrayLength());
        await service.FinishAsync(job);
    }

    private string PlanFile(TraceInterval[] trace, params Liveput.Strategy[] strategies)
    {
        string file = Path.Combine(service.Folder, $"{Guid.NewGuid():n}.json");
        new PlanFile("own", "artifact", new AvailabilityTrace("three", "a test", 60, trace), [new PlannedPolicy("liveput", null, 0, strategies)]).Save(file);
        return file;
    }

    private static int Count(JsonElement result, string name) => result.GetProperty("instances").GetProperty(name).GetInt32();

    private static JsonElement Part(JsonElement result, string name) => result.GetProperty("replay").GetProperty(name);
}
