using Parcae.Liveput.Costs.Transitions;
using Parcae.Liveput.Profiles;
using Parcae.Liveput.Simulation.Policies;
using Parcae.Liveput.Simulation.Policies.Artifact;
using Parcae.Liveput.Tests.Costs;

namespace Parcae.Liveput.Tests.Simulation;

public sealed class PointPlannerTests
{
    public static TheoryData<string> Models => [.. ArtifactData.Rules.Models.Keys];

    [Theory]
    [MemberData(nameof(Models))]
    public void Decides_as_the_artifact_does(string model)
    {
        var costs = new ArtifactCosts(BuiltInProfiles.Get(model));
        var planner = new PointPlanner(costs, 60_000, 32);
        foreach (var rule in ArtifactData.Rules.Models[model].Plans)
        {
            var from = new Strategy(rule.From[0], rule.From[1]);
            var future = rule.Future.Select(f => new FutureInterval(f[0], f[1], f[2])).ToArray();
            var to = planner.Plan(from, rule.Instances, rule.LeftMs, future);
            Assert.Equal(new Strategy(rule.To[0], rule.To[1]), to);
            Assert.Equal(rule.CostMs, costs.ExpectedMs(new Transition(from, rule.Instances, future[0].Joined, future[0].Lost, to)), 1e-6);
        }
    }

    [Theory]
    [MemberData(nameof(Models))]
    public void The_best_strategy_for_a_count_is_the_artifacts(string model)
    {
        var best = new BestThroughput(BuiltInProfiles.Get(model));
        foreach (double?[] row in ArtifactData.Rules.Models[model].Best)
        {
            var expected = row[1] is { } pipelines ? new Strategy((int)pipelines, (int)row[2]!) : Strategy.None;
            Assert.Equal(expected, best.For((int)row[0]!));
            Assert.Equal(row[3], BuiltInProfiles.Get(model).Throughput(expected));
        }
    }
}
