using Parcae.Liveput.Costs.Transitions;
using Parcae.Liveput.Profiles;
using Parcae.Liveput.Simulation;
using Parcae.Liveput.Simulation.Policies;
using Parcae.Liveput.Traces;

namespace Parcae.Liveput.Tests.Simulation;

public sealed class PlanFileTests : IDisposable
{
    private readonly string _path = Path.Combine(Path.GetTempPath(), $"{Guid.NewGuid():n}.plan.json");

    public void Dispose() => File.Delete(_path);

    [Fact]
    public void A_plan_comes_back_as_it_was_and_is_a_trace_too()
    {
        var trace = BuiltInTraces.Get("LASP");
        var strategies = Simulator.Run(new IdealPolicy(), new SimulationSetting(BuiltInProfiles.Get("gpt-6.7b"), trace, new ArtifactCosts(BuiltInProfiles.Get("gpt-6.7b")))).Intervals.Select(i => i.Strategy).ToList();
        var plan = new PlanFile("gpt-6.7b", "artifact", trace, [new PlannedPolicy("ideal", null, 0, strategies), new PlannedPolicy("liveput", "ensemble", 12, [.. strategies.Select(_ => Strategy.None)])]);
        plan.Save(_path);
        var read = PlanFile.Load(_path);
        Assert.Equal(("gpt-6.7b", "artifact"), (read.Profile, read.CostModel));
        Assert.Equal(trace.Intervals, read.Trace.Intervals);
        Assert.Equal(strategies, read.Policies[0].Strategies);
        Assert.Equal(("liveput", "ensemble", 12), (read.Policies[1].Policy, read.Policies[1].Forecast, read.Policies[1].LookAhead));
        Assert.Equal(trace.Intervals, TraceFile.Load(_path).Intervals);
        Assert.Empty(Directory.GetFiles(Path.GetTempPath(), Path.GetFileName(_path) + "*.tmp"));
    }

    [Theory]
    [InlineData("\"kind\":\"parcae-plan\"", "\"kind\":\"other\"", "kind is other; it must be parcae-plan")]
    [InlineData("[[1,2]", "[[1,3]", "policy p, interval 0: [1, 3] does not fit 2 instances")]
    [InlineData("[[1,2]", "[[1,0]", "policy p, interval 0: [1, 0] does not fit 2 instances")]
    [InlineData("[[1,2],", "[", "policy p has 1 strategies; it must have one for each of the trace's 2 intervals")]
    [InlineData("\"policies\"", "\"policy\"", "expected a plan file")]
    [InlineData("[[1,2]", "[[1]", "expected a plan file")]
    [InlineData("[[1,2]", "[[\"a\",2]", "expected a plan file")]
    public void What_is_no_plan_is_refused_by_name(string right, string wrong, string message)
    {
        var trace = new AvailabilityTrace("t", "t", 60, [new TraceInterval(2, 0, 2), new TraceInterval(0, 0, 2)]);
        new PlanFile("m", "artifact", trace, [new PlannedPolicy("p", null, 0, [new Strategy(1, 2), new Strategy(2, 1)])]).Save(_path);
        string text = File.ReadAllText(_path);
        Assert.Contains(right, text, StringComparison.Ordinal);
        File.WriteAllText(_path, text.Replace(right, wrong, StringComparison.Ordinal));
        string found = Assert.ThrowsAny<FormatException>(() => PlanFile.Load(_path)).Message;
        Assert.Contains(message, found, StringComparison.Ordinal);
        Assert.Contains(_path, found, StringComparison.Ordinal);
    }
}
