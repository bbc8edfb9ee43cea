using Parcae.Liveput.Costs.Constants;
using Parcae.Liveput.Costs.Transitions;
using Parcae.Liveput.Profiles;

namespace Parcae.Liveput.Tests.Costs;

public sealed class ArtifactCostsTests
{
    public static TheoryData<string> Models => [.. ArtifactData.Rules.Models.Keys];

    [Fact]
    public void Transfers_take_what_was_measured()
    {
        foreach (double[] point in ArtifactData.Rules.TransferMs) Assert.Equal(point[1], TransferTable.TenGigabit.Milliseconds(point[0]), point[1] * 1e-12);
    }

    [Theory]
    [MemberData(nameof(Models))]
    public void Layers_are_cut_as_the_artifact_cuts_them(string model)
    {
        var stages = new StageSizes(BuiltInProfiles.Get(model), TransferTable.TenGigabit);
        foreach (var (depth, bounds) in ArtifactData.Rules.Models[model].Partition)
        {
            if (depth >= stages.Bounds.Length) continue;
            Assert.Equal(bounds, stages.Bounds[depth]);
            Assert.Equal(ArtifactData.Rules.Models[model].StageParameters[depth], Enumerable.Range(0, depth).Select(s => (double)stages.Parameters(depth, s)));
        }
    }

    [Theory]
    [MemberData(nameof(Models))]
    public void A_profile_holds_the_artifacts_layers_strategies_and_times(string model)
    {
        var rules = ArtifactData.Rules.Models[model];
        var profile = BuiltInProfiles.Get(model);
        Assert.Equal(rules.StateBytes, profile.StateBytesPerParameter);
        Assert.Equal(rules.LayerParameters, Enumerable.Range(0, profile.LayerCount).Select(l => (double)profile.Parameters(l, l + 1)));
        var feasible = from pipelines in Enumerable.Range(1, 32) from depth in Enumerable.Range(1, 32 / pipelines) where profile.Throughput(pipelines, depth) > 0 select (pipelines, depth);
        Assert.Equal(rules.Candidates.Select(c => (c[0], c[1])).Order(), feasible.Order());
        foreach (var (depth, ms) in rules.ModelBuildMs ?? []) Assert.Equal(ms, profile.Reconfiguration!.ModelBuild(depth), 1e-9);
    }

    [Theory]
    [MemberData(nameof(Models))]
    public void Restarts_take_what_the_artifact_charges(string model)
    {
        var costs = new ArtifactCosts(BuiltInProfiles.Get(model));
        foreach (double[] row in ArtifactData.Rules.Models[model].RestartMs)
        {
            var to = new Strategy((int)row[0], (int)row[1]);
            Assert.Equal(row[2], costs.RestartMs(to, joining: true), 1e-6);
            Assert.Equal(row[3], costs.RestartMs(to, joining: false), 1e-6);
            Assert.Equal(row[4], costs.RoutesMs(to), 1e-6);
        }
    }

    [Theory]
    [MemberData(nameof(Models))]
    public void Every_migration_costs_what_the_artifact_charges(string model)
    {
        var costs = new ArtifactCosts(BuiltInProfiles.Get(model));
        foreach (var rule in ArtifactData.Rules.Models[model].Migrations)
        {
            var from = new Strategy(rule.From[0], rule.From[1]);
            var lost = new bool[rule.Instances];
            foreach (int i in rule.Lost) lost[i] = true;
            foreach (double[] row in rule.Costs)
            {
                var to = new Strategy((int)row[0], (int)row[1]);
                double ms = costs.Ms(new Transition(from, rule.Instances, rule.Joined, rule.Lost.Length, to), lost);
                Assert.True(Math.Abs(row[2] - ms) < 1e-6, $"{from} on {rule.Instances} - {string.Join(',', rule.Lost)} -> {to}: expected {row[2]}, got {ms}");
            }
        }
    }

    [Theory]
    [MemberData(nameof(Models))]
    public void Expected_costs_are_exact(string model)
    {
        var costs = new ArtifactCosts(BuiltInProfiles.Get(model));
        foreach (var rule in ArtifactData.Rules.Models[model].Expected)
        {
            var from = new Strategy(rule.Key[1], rule.Key[2]);
            foreach (double[] row in rule.Costs)
            {
                var to = new Strategy((int)row[0], (int)row[1]);
                double ms = costs.ExpectedMs(new Transition(from, rule.Key[0], rule.Key[3], rule.Key[4], to));
                Assert.True(Math.Abs(row[2] - ms) < 1e-6, $"{from} on {rule.Key[0]} +{rule.Key[3]} -{rule.Key[4]} -> {to}: expected {row[2]}, got {ms}");
            }
        }
    }
}
