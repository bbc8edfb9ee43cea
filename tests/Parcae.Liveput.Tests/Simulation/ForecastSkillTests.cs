using Parcae.Liveput.Profiles;
using Parcae.Liveput.Simulation;
using Parcae.Liveput.Simulation.Policies;
using Parcae.Liveput.Tests.Costs;
using Parcae.Liveput.Traces;

namespace Parcae.Liveput.Tests.Simulation;

/// <summary>What forecasts are worth: samples of liveput over those of the oracle, with the artifact's costs, 12 intervals of history and of look-ahead. The whole table: <c>benchmarks/run forecast-skill</c>.</summary>
public sealed class ForecastSkillTests(ITestOutputHelper output)
{
    private static readonly string[] Segments = ["HADP", "HASP", "LADP", "LASP"];

    [Fact]
    public void Liveput_comes_near_the_oracle_and_above_everyone_else_on_every_segment()
    {
        double sum = 0, worst = double.PositiveInfinity;
        int cells = 0;
        foreach (string model in BuiltInProfiles.Names)
        {
            var profile = BuiltInProfiles.Get(model);
            var costs = ArtifactData.Costs(model);
            foreach (string segment in Segments)
            {
                var setting = new SimulationSetting(profile, BuiltInTraces.Get(segment), costs);
                double Samples(string policy, string forecast = "ensemble") => Simulator.Run(PolicyNames.Create(policy, new PolicyOptions { Forecast = forecast }), setting).Samples;
                double liveput = Samples("liveput"), oracle = Samples("oracle"), skill = liveput / oracle;
                output.WriteLine($"{model} {segment}: {skill:0.0000}");
                (sum, worst, cells) = (sum + skill, Math.Min(worst, skill), cells + 1);
                Assert.True(liveput > Samples("reactive"), $"{model} {segment}: reactive is better");

                // Where nothing but patience is called for, the published planner on the last count does the very same.
                Assert.True(liveput >= Samples("artifact", "persistence") * (1 - 1e-9), $"{model} {segment}: the artifact's planner on persistence is better");
                Assert.True(liveput > Samples("artifact", "artifact-arima") * (1 - 1e-9), $"{model} {segment}: the artifact's planner on its own forecast is better");
                if (ArtifactData.Results.SingleOrDefault(r => r.Profile == model && r.Segment == segment) is { } published) Assert.True(liveput > published.Arima);
            }
        }

        Assert.InRange(sum / cells, 0.975, 1.001);
        Assert.InRange(worst, 0.93, 1.01);
    }

    [Fact]
    public void The_published_protocol_gives_the_published_totals()
    {
        foreach (var published in ArtifactData.Results.Where(r => r.Segment != "full"))
        {
            var profile = BuiltInProfiles.Get(published.Profile);
            var setting = new SimulationSetting(profile, BuiltInTraces.Get(published.Segment), ArtifactData.Costs(published.Profile));
            double samples = Simulator.Run(PolicyNames.Create("artifact", new PolicyOptions { Forecast = "artifact-arima" }), setting).Samples;
            output.WriteLine($"{published.Profile} {published.Segment}: {samples / published.Arima:0.0000}");

            // Random removals, and which interval the history begins in, leave it about a percent.
            Assert.InRange(samples / published.Arima, 0.97, 1.03);
        }
    }
}
