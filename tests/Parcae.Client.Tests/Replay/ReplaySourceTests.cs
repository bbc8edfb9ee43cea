using Parcae.Cli.Commands;
using Parcae.Cli.Replay;
using Parcae.Liveput;
using Parcae.Liveput.Simulation;

namespace Parcae.Client.Tests.Replay;

public sealed class ReplaySourceTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("parcae-plan-").FullName;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public void A_plan_file_brings_its_own_trace_and_a_strategy_for_each_interval()
    {
        var source = ReplaySource.Load(new ReplayOptions { Plan = Plan(Policy("liveput", (1, 2), (2, 2), (1, 3))), Minute = TimeSpan.FromSeconds(5) });
        Assert.Equal(("t", 3, 5.0), (source.Trace.Name, source.Trace.Intervals.Count, source.Interval.TotalSeconds));
        Assert.Equal([new Strategy(1, 2), new Strategy(2, 2), new Strategy(1, 3)], source.Plan!.Strategies);
        Assert.Empty(source.Notes);
    }

    [Fact]
    public void A_part_of_the_trace_has_that_part_of_the_plan()
    {
        var source = ReplaySource.Load(new ReplayOptions { Plan = Plan(Policy("liveput", (1, 2), (2, 2), (1, 3))), From = 1, To = 2 });
        Assert.Equal([new Strategy(2, 2)], source.Plan!.Strategies);
        Assert.Equal(4, Assert.Single(source.Trace.Intervals).Available);
    }

    [Fact]
    public void On_another_trace_its_strategies_are_taken_by_the_minute_and_that_is_said()
    {
        string file = Path.Combine(_folder, "halves.json");
        File.WriteAllText(file, """{"metadata": {"gap_seconds": 30}, "data": [1, 1, 1, 0, 0, 1]}""");
        var source = ReplaySource.Load(new ReplayOptions { Plan = Plan(Policy("liveput", (1, 2), (2, 2), (1, 3))), Trace = file });
        Assert.Equal(["1 x 2", "1 x 2", "2 x 2", "2 x 2", "1 x 3", "1 x 3"], source.Plan!.Strategies.Select(s => $"{s}"));
        Assert.Equal(30, source.Interval.TotalSeconds);
        Assert.StartsWith("the plan was made for t, not for", Assert.Single(source.Notes), StringComparison.Ordinal);
    }

    [Fact]
    public void A_plan_that_is_shorter_than_the_trace_is_refused()
    {
        var options = new ReplayOptions { Plan = Plan(Policy("liveput", (1, 2), (2, 2), (1, 3))), Trace = "HADP" };
        Assert.EndsWith(
            "ends at minute 3, the part of aws-p3:HADP that is replayed at 60; choose a part that the plan covers with --from and --to.", Refusal(options), StringComparison.Ordinal);
        Assert.Equal(3, ReplaySource.Load(options with { To = 3 }).Plan!.Strategies.Count);
    }

    [Fact]
    public void Of_several_policies_one_must_be_named()
    {
        string plan = Plan(Policy("liveput", (1, 2), (2, 2), (1, 3)), Policy("reactive", (1, 1), (1, 1), (1, 1)), Policy("deadline", (1, 1), (1, 1), (1, 1)) with { OnDemand = [0, 3, 0] });
        Assert.Equal($"--policy: {plan} has 3 that could be meant (liveput, reactive, deadline); name one.", Refusal(new ReplayOptions { Plan = plan }));
        Assert.Equal($"--policy: 'oracle' is not in {plan}; it must be one of liveput, reactive, deadline.", Refusal(new ReplayOptions { Plan = plan, Policy = "oracle" }));
        Assert.Equal(
            "--policy: deadline rents instances on demand besides the trace's, which a replay cannot act out; name another.", Refusal(new ReplayOptions { Plan = plan, Policy = "deadline" }));
        Assert.Equal("reactive", ReplaySource.Load(new ReplayOptions { Plan = plan, Policy = "Reactive" }).Plan!.Policy);
    }

    [Fact]
    public void What_is_no_plan_file_is_refused_with_its_name()
    {
        string file = Path.Combine(_folder, "trace.txt");
        File.WriteAllText(file, "3\n2\n");
        Assert.StartsWith($"--plan: {file}: expected a plan file", Refusal(new ReplayOptions { Plan = file }), StringComparison.Ordinal);
    }

    private static string Refusal(ReplayOptions options) => Assert.Throws<UsageException>(() => ReplaySource.Load(options)).Message;

    private static PlannedPolicy Policy(string name, params (int D, int P)[] strategies) => new(name, null, 0, [.. strategies.Select(s => new Strategy(s.D, s.P))]);

    private string Plan(params PlannedPolicy[] policies)
    {
        string file = Path.Combine(_folder, "plan.json");
        new PlanFile("own", "artifact", FleetFitTests.Trace(2, 4, 3), policies).Save(file);
        return file;
    }
}
