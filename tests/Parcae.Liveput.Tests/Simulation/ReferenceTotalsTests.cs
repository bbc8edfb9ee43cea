using Parcae.Liveput.Profiles;
using Parcae.Liveput.Simulation;
using Parcae.Liveput.Simulation.Policies;
using Parcae.Liveput.Simulation.Policies.Artifact;
using Parcae.Liveput.Tests.Costs;
using Parcae.Liveput.Traces;

namespace Parcae.Liveput.Tests.Simulation;

public sealed class ReferenceTotalsTests
{
    public static TheoryData<string, string> Cells => new(ArtifactData.Results.Select(r => (r.Profile, r.Segment)));

    [Theory]
    [MemberData(nameof(Cells))]
    public void Totals_are_those_of_the_artifact(string profile, string segment)
    {
        var expected = ArtifactData.Results.Single(r => r.Profile == profile && r.Segment == segment);
        var setting = new SimulationSetting(
            BuiltInProfiles.Get(profile), BuiltInTraces.Get("aws-p3").Slice(expected.From, expected.To), ArtifactData.Costs(profile));
        Assert.Equal(expected.Ideal, Simulator.Run(new IdealPolicy(), setting).Samples, expected.Ideal * 1e-7);
        var reactive = Simulator.Run(new ReactivePolicy(), setting);
        Assert.Equal(expected.Reactive, reactive.Samples, expected.Reactive * 1e-7);
        Assert.Equal(Unfold(expected.ReactiveStrategies), reactive.Intervals.Select(i => i.Strategy));
        var oracle = Simulator.Run(new OraclePolicy(), setting);
        Assert.Equal(expected.Oracle, oracle.Samples, expected.Oracle * 2e-3);
    }

    private static IEnumerable<Strategy> Unfold(int[][] runs) => runs.SelectMany(r => Enumerable.Repeat(new Strategy(r[0], r[1]), r[2]));
}
