using Parcae.Liveput.Costs;
using Parcae.Liveput.Forecasting;
using Parcae.Liveput.Planning;
using Parcae.Liveput.Profiles;

namespace Parcae.Liveput.Tests.Planning;

/// <summary>The demo's model, a GPT of 6 blocks x 128 with sequences of 128 and a batch of 16 in 8 micro-batches, on instances that hold three quarters of it.</summary>
public sealed class DemoSettingTests(ITestOutputHelper output)
{
    private static readonly LayerCost[] Layers = TransformerCosts.Layers(6, 128, 4, 128, 256);

    [Fact]
    public void One_instance_is_too_small_for_the_model() =>
        Assert.Equal((0.0, 2, 2), Profile(0.75) is var p ? (p.Throughput(1, 1), p.MinDepth, p.MinInstances) : default);

    [Theory]
    [InlineData(1, 0, 0)]
    [InlineData(2, 1, 2)]
    [InlineData(3, 1, 3)]
    [InlineData(4, 2, 2)]
    [InlineData(5, 2, 2)]
    [InlineData(6, 3, 2)]
    public void A_new_job_starts_with(int available, int pipelines, int depth) =>
        Assert.Equal(new Strategy(pipelines, depth), Decide(Profile(0.75), available, Strategy.None, 0).Strategy);

    [Theory]
    [InlineData(2, 2, 3, 1, 1, 3)]
    [InlineData(1, 3, 4, 1, 2, 2)]
    [InlineData(1, 3, 2, 0, 1, 2)]
    [InlineData(1, 2, 3, 1, 1, 3)]
    [InlineData(3, 2, 5, 2, 2, 2)]
    [InlineData(2, 2, 6, 2, 3, 2)]
    public void A_change_of_the_count_changes_the_plan(int pipelines, int depth, int available, int intact, int nextPipelines, int nextDepth) =>
        Assert.Equal(new Strategy(nextPipelines, nextDepth), Decide(Profile(0.75), available, new Strategy(pipelines, depth), intact).Strategy);

    [Fact]
    public void With_less_than_two_thirds_of_the_model_two_stages_do_not_hold_a_single_pipeline()
    {
        // Two micro-batches are in flight in the first stage, so that half the weights is not half the need.
        var profile = Profile(0.6);
        Assert.Equal(0, profile.Throughput(1, 2));
        Assert.Equal(3, profile.MinInstances);
    }

    [Fact]
    public void Table_for_people()
    {
        foreach (double share in (double[])[0.6, 0.75])
        {
            var profile = Profile(share);
            output.WriteLine($"memory {share} of the whole model");
            for (int n = 1; n <= 6; n++)
            {
                output.WriteLine($"{n}: {Decide(profile, n, Strategy.None, 0).Reason}");
                foreach (int before in (int[])[n - 1, n + 1])
                {
                    var old = before is >= 1 and <= 6 ? Decide(profile, before, Strategy.None, 0).Strategy : Strategy.None;
                    int intact = before < n || old.Instances < before ? old.Pipelines : Math.Max(0, old.Pipelines - 1);
                    if (!old.IsPause) output.WriteLine($"   from {before}, {old}: {Decide(profile, n, old, intact).Reason}");
                }
            }
        }
    }

    private static PlanningProfile Profile(double share)
    {
        long whole = new StepTimeModel(Layers, 16, 8, new AcceleratorSpec(long.MaxValue, 50e9, 1e9)).WholeModelBytes;
        return PlanningProfile.FromLayers("demo", Layers, 16, 8, new AcceleratorSpec((long)(share * whole), 50e9, 1e9));
    }

    private static PlanDecision Decide(PlanningProfile profile, int available, Strategy current, int intact) =>
        new LiveputOptimizer(profile, new ProfiledCostModel(profile)).Plan(
            Samples.Request(available, new PersistenceForecaster().Forecast([.. Enumerable.Repeat(new AvailabilityInterval(available, 0, 0), 12)], 12), current, intact: intact));
}
