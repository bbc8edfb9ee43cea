using Parcae.Liveput.Costs.Transitions;
using Parcae.Liveput.Profiles;
using Parcae.Liveput.Simulation;
using Parcae.Liveput.Simulation.Policies;
using Parcae.Liveput.Simulation.Policies.Checkpointing;
using Parcae.Liveput.Simulation.Policies.Redundancy;
using Parcae.Liveput.Simulation.Policies.Templates;
using Parcae.Liveput.Traces;

namespace Parcae.Liveput.Tests.Simulation.StandIns;

public sealed class StandInTotalsTests
{
    private static readonly IPolicy[] Spot = [new CheckpointPolicy(), new RedundantPolicy(), new TemplatePolicy()];

    private static readonly string[] Traces = ["HADP", "HASP", "LADP", "LASP", "aws-p3"];

    public static TheoryData<string, string> Cells => [.. from model in BuiltInProfiles.Names from trace in Traces select (model, trace)];

    [Theory]
    [MemberData(nameof(Cells))]
    public void No_policy_trains_more_than_the_ideal_or_less_than_nothing(string model, string trace)
    {
        var setting = Setting(model, trace);
        double ideal = Simulator.Run(new IdealPolicy(), setting).Samples;
        foreach (var policy in Spot)
        {
            var result = Simulator.Run(policy, setting);
            Assert.InRange(result.Samples, 0, ideal);
            Assert.Equal(result.Intervals, Simulator.Run(policy, setting).Intervals);
            double running = 0;
            for (int i = 0; i < result.Intervals.Count; i++)
            {
                var outcome = result.Intervals[i];
                running += outcome.Samples;
                Assert.True(running >= -1e-6, $"{policy.Name} has lost more than it trained in interval {i}.");
                Assert.InRange(outcome.Strategy.Instances, 0, setting.Trace.Intervals[i].Available);
                Assert.InRange(outcome.StallMs, 0, setting.IntervalMs + 1e-6);
            }
        }

        Assert.True(Simulator.Run(new OnDemandPolicy(), setting).Samples > 0);
    }

    [Theory]
    [InlineData("gpt-1.5b", "HADP")]
    [InlineData("gpt-6.7b", "LADP")]
    [InlineData("resnet152", "HADP")]
    public void The_mean_of_drawn_runs_is_the_expectation(string model, string trace)
    {
        const int draws = 400;
        var setting = Setting(model, trace);
        foreach (var policy in Spot)
        {
            double expected = Simulator.Run(policy, setting).Samples;
            double[] totals = [.. Enumerable.Range(0, draws).Select(seed => Simulator.Run(policy, setting, new Random(seed)).Samples)];
            double mean = totals.Average(), error = Math.Sqrt(totals.Sum(t => (t - mean) * (t - mean)) / (draws - 1) / draws);
            Assert.True(error > 0, $"All draws of {policy.Name} are alike.");
            Assert.InRange(mean, expected - (4 * error), expected + (4 * error));
            Assert.True(totals.Min() >= 0);
            Assert.Equal(totals[7], Simulator.Run(policy, setting, new Random(7)).Samples);
        }
    }

    [Fact]
    public void A_model_too_large_for_what_is_left_pauses()
    {
        var setting = Setting("gpt-6.7b", "LADP");
        Assert.Equal([3, 25, 3], Spot.Select(p => Simulator.Run(p, setting).PausedIntervals));
    }

    [Theory]
    [MemberData(nameof(Recorded))]
    public void Totals_are_those_recorded(string model, string policy, double[] fractions)
    {
        IPolicy chosen = Spot.Append(new OnDemandPolicy()).Single(p => p.Name == policy);
        for (int i = 0; i < Traces.Length; i++)
        {
            var setting = Setting(model, Traces[i]);
            double fraction = Simulator.Run(chosen, setting).Samples / Simulator.Run(new IdealPolicy(), setting).Samples;
            Assert.True(Math.Abs(fraction - fractions[i]) < 1e-4, $"{policy} trains {fraction:F4} of the ideal on {Traces[i]}; {fractions[i]:F4} was recorded.");
        }
    }

    /// <summary>Fractions of the ideal on the four segments and the whole trace.</summary>
    public static TheoryData<string, string, double[]> Recorded => new()
    {
        { "bert", "on-demand", [0.9994, 0.9445, 0.9746, 0.9852, 1.0613] },
        { "bert", "checkpoint", [0.5965, 0.7169, 0.6196, 0.8968, 0.6573] },
        { "bert", "redundant", [0.7553, 0.8090, 0.7240, 0.7656, 0.7642] },
        { "bert", "templates", [0.9528, 0.9712, 0.9450, 0.9814, 0.9607] },
        { "gpt-1.5b", "on-demand", [1.0068, 0.9667, 0.9666, 0.9702, 1.0009] },
        { "gpt-1.5b", "checkpoint", [0.5412, 0.6866, 0.5655, 0.8777, 0.6209] },
        { "gpt-1.5b", "redundant", [0.6882, 0.7532, 0.6205, 0.5900, 0.6896] },
        { "gpt-1.5b", "templates", [0.8712, 0.9393, 0.8130, 0.9644, 0.9034] },
        { "gpt-6.7b", "on-demand", [1.0424, 0.9932, 0.9974, 0.9581, 1.1597] },
        { "gpt-6.7b", "checkpoint", [0.4410, 0.6879, 0.4810, 0.8094, 0.5727] },
        { "gpt-6.7b", "redundant", [0.5581, 0.5767, 0.2741, 0.0981, 0.5134] },
        { "gpt-6.7b", "templates", [0.7695, 0.9060, 0.5580, 0.8094, 0.7950] },
        { "resnet152", "on-demand", [0.8712, 0.9827, 1.1028, 0.9561, 0.9777] },
        { "resnet152", "checkpoint", [0.5947, 0.6916, 0.6194, 0.8972, 0.6588] },
        { "resnet152", "redundant", [0.6051, 0.6472, 0.5475, 0.5644, 0.6016] },
        { "resnet152", "templates", [0.9607, 0.9702, 0.9588, 0.9832, 0.9664] },
        { "vgg19", "on-demand", [0.9242, 0.9251, 1.0431, 0.9670, 0.9322] },
        { "vgg19", "checkpoint", [0.5734, 0.6845, 0.6135, 0.8955, 0.6432] },
        { "vgg19", "redundant", [0.5179, 0.5581, 0.5327, 0.5668, 0.5382] },
        { "vgg19", "templates", [0.9256, 0.9463, 0.9324, 0.9780, 0.9361] },
    };

    private static SimulationSetting Setting(string model, string trace)
    {
        var profile = BuiltInProfiles.Get(model);
        return new SimulationSetting(profile, BuiltInTraces.Get(trace), new ArtifactCosts(profile));
    }
}
