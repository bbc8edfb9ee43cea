using Parcae.Liveput.Costs.Transitions;
using Parcae.Liveput.Profiles;
using Parcae.Liveput.Simulation;
using Parcae.Liveput.Simulation.Policies;
using Parcae.Liveput.Simulation.Policies.Templates;

namespace Parcae.Liveput.Tests.Simulation.StandIns;

public sealed class TemplatePolicyTests
{
    // One deep pipeline is the fastest measured strategy of 5, so that mixes are not bounded by 2 x 2.
    private static readonly (int, int, double)[] Table = [(1, 2, 10), (2, 2, 18), (1, 3, 14), (2, 3, 26), (1, 4, 25)];
    private static readonly TemplatePolicy Policy = new(new() { Checkpoints = StandInSetting.EveryTwoMinutes });

    [Fact]
    public void Pipelines_of_two_depths_use_all_instances_and_share_the_batch_by_their_throughput()
    {
        var mixes = new MixTable(StandInSetting.Of(Table, 1).Profile, 2);
        Assert.Equal(new PipelineMix(new Strategy(1, 2), 1, 3), mixes.For(5));
        Assert.Equal((18 + 26) / 2, mixes.Throughput(mixes.For(5)));
        Assert.Equal(new PipelineMix(new Strategy(2, 2)), mixes.For(4));
        Assert.Equal(new PipelineMix(new Strategy(2, 3)), mixes.For(7));
    }

    [Fact]
    public void A_mix_is_never_faster_than_the_fastest_measured_strategy()
    {
        var mixes = new MixTable(StandInSetting.Of(Table[..4], 1).Profile, 2);
        Assert.Equal(18, mixes.Throughput(new PipelineMix(new Strategy(1, 2), 1, 3)));
        Assert.Equal(new PipelineMix(new Strategy(2, 2)), mixes.For(5));
    }

    [Fact]
    public void With_too_few_instances_for_a_second_copy_one_pipeline_goes_on() =>
        Assert.Equal(new PipelineMix(new Strategy(1, 3)), new MixTable(StandInSetting.Of(Table, 1).Profile, 2).For(3));

    // 2 x 3 becomes 2 + 3: a restart of 1 s, and the fetch of 3 of 4 layers, the largest stage of the shallower pipeline, 1.5 s; no layer can be lost with both its copies.
    [Fact]
    public void A_loss_shrinks_a_pipeline_and_keeps_what_was_trained() =>
        StandInSetting.Trains(Policy, StandInSetting.Of(Table, 6, 5), 57 * 26, 22 * 57.5);

    // 3 of 15 pairs are both copies of a stage.
    [Fact]
    public void The_last_copy_of_a_layer_lost_rolls_back() =>
        StandInSetting.Trains(Policy, StandInSetting.Of(Table, 6, 4), 57 * 26, (12.0 / 15 * 18 * 57.5) + (3.0 / 15 * ((18 * 57) - (57 * 26))));

    [Fact]
    public void Instances_that_join_are_taken_in_when_they_help() =>
        StandInSetting.Trains(Policy, StandInSetting.Of(Table, 3, 4), 57 * 14, 18 * 57.5);

    [Fact]
    public void Without_a_whole_pipeline_it_pauses_and_comes_back_from_the_checkpoint()
    {
        var setting = StandInSetting.Of(Table, 2, 1, 2);
        StandInSetting.Trains(Policy, setting, 57 * 10, -57 * 10, 57 * 10);
        Assert.Equal(1, Simulator.Run(Policy, setting).PausedIntervals);
    }

    [Fact]
    public void Fault_tolerance_asks_for_more_pipelines()
    {
        var profile = BuiltInProfiles.Get("gpt-1.5b");
        Assert.Equal(1, new MixTable(profile, 1).For(13).Pipelines);
        Assert.All(Enumerable.Range(12, 21), n => Assert.True(new MixTable(profile, 2).For(n).Pipelines >= 2));
        Assert.All(Enumerable.Range(18, 15), n => Assert.True(new MixTable(profile, 3).For(n).Pipelines >= 3));
        Assert.Throws<ArgumentOutOfRangeException>(() => new TemplatePolicy(new() { FaultTolerance = -1 }));
    }

    [Fact]
    public void The_chance_that_every_layer_is_kept_equals_the_enumeration_of_all_subsets()
    {
        var profile = BuiltInProfiles.Get("bert");
        var bounds = new StageSizes(profile, profile.Reconfiguration!.Transfers).Bounds;
        foreach (var mix in (PipelineMix[])[
            new(new Strategy(1, 3)), new(new Strategy(2, 4)), new(new Strategy(3, 3)), new(new Strategy(1, 2), 1, 3), new(new Strategy(2, 2), 1, 5), new(new Strategy(1, 3), 2, 4), new(new Strategy(1, 4), 1, 7)])
        {
            for (int instances = mix.Instances; instances <= 12; instances++)
            {
                for (int lost = 0; lost <= instances; lost++)
                {
                    double expected = StandInSetting.Subsets(instances, lost).Average(s => LayerLosses.AnyLayerLost(mix, bounds, s) ? 0.0 : 1);
                    Assert.Equal(expected, LayerLosses.EveryLayerKept(mix, bounds, instances, lost), 1e-12);
                }
            }
        }
    }
}
