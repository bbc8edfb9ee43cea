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
            if (depth < stages.Bounds.Length) Assert.Equal(bounds, stages.Bounds[depth]);
        }
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
