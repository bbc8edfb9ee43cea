using Parcae.Liveput.Profiles;
using Parcae.Liveput.Simulation.Policies;
using Parcae.Liveput.Simulation.Policies.Redundancy;

namespace Parcae.Liveput.Tests.Simulation.StandIns;

public sealed class RedundantPolicyTests
{
    private static readonly (int, int, double)[] Table = [(1, 2, 10), (2, 2, 18), (3, 2, 24), (1, 3, 12), (2, 3, 20)];

    // Redundant work is hidden in bubbles, so that throughputs are those of the table.
    private static readonly RedundantPolicy Policy = new(new() { HiddenShare = 1, Checkpoints = StandInSetting.EveryTwoMinutes });

    [Theory]
    [InlineData("bert", 3)]
    [InlineData("gpt-1.5b", 9)]
    [InlineData("gpt-6.7b", 16)]
    [InlineData("resnet152", 4)]
    [InlineData("vgg19", 3)]
    public void Pipelines_are_half_as_deep_again_as_the_model_needs_or_the_deepest_measured(string model, int depth) =>
        Assert.Equal(depth, new RedundantPolicy().Depth(BuiltInProfiles.Get(model)));

    // A standby of 7 is lost in 1 of 7 cases; else: 1 s until it is noticed, a step of 1 s, a restart of 1 s, and two stages of 1 s are fetched.
    [Fact]
    public void The_neighbour_steps_in_for_a_lost_instance() =>
        StandInSetting.Trains(Policy, StandInSetting.Of(Table, 7, 6), 57 * 20, 20 * (60 - (6.0 / 7 * 5)));

    // Of 21 pairs, 6 are neighbours in a ring of three: those restart from the beginning in 3 s, the others go on after 5 s with one pipeline.
    [Fact]
    public void Two_neighbours_lost_together_roll_back() =>
        StandInSetting.Trains(Policy, StandInSetting.Of(Table, 7, 5), 57 * 20, (15.0 / 21 * 12 * 55) + (6.0 / 21 * ((12 * 57) - (57 * 20))));

    // A pipeline more costs a restart and the fetch of two stages, 3 s; a checkpoint falls due in the third interval.
    [Fact]
    public void Instances_that_join_stand_by_until_a_pipeline_more_can_be_formed() =>
        StandInSetting.Trains(Policy, StandInSetting.Of(Table, 4, 5, 5, 6), 57 * 12, 60 * 12, 59 * 12, 57 * 20);

    [Fact]
    public void Without_a_whole_pipeline_it_pauses_and_comes_back_from_the_checkpoint() =>
        StandInSetting.Trains(Policy, StandInSetting.Of(Table, 3, 2, 3), 57 * 12, -57 * 12, 57 * 12);

    [Fact]
    public void Redundant_work_lowers_throughput()
    {
        Assert.Equal(6.0 / 7, new RedundantOptions().Factor, 1e-12);
        Assert.Equal(0.75, new RedundantOptions { HiddenShare = 0 }.Factor, 1e-12);
        StandInSetting.Trains(new RedundantPolicy(), StandInSetting.Of(Table, 6), 57 * 20 * 6.0 / 7);
    }

    [Fact]
    public void A_depth_can_be_asked_for_if_it_is_feasible()
    {
        StandInSetting.Trains(new RedundantPolicy(new() { Depth = 2, HiddenShare = 1 }), StandInSetting.Of(Table, 6), 57 * 24);
        var e = Assert.Throws<ArgumentException>(() => new RedundantPolicy(new() { Depth = 4 }).Start(StandInSetting.Of(Table, 6)));
        Assert.Equal("No strategy of depth 4 is feasible for by hand; feasible depths are 2, 3.", e.Message);
    }

    [Fact]
    public void The_chance_of_neighbours_lost_together_equals_the_enumeration_of_all_subsets()
    {
        for (int instances = 1; instances <= 11; instances++)
        {
            for (int depth = 1; depth <= instances; depth++)
            {
                for (int pipelines = 1; pipelines * depth <= instances; pipelines++)
                {
                    for (int lost = 0; lost <= instances; lost++)
                    {
                        var strategy = new Strategy(pipelines, depth);
                        double expected = StandInSetting.Subsets(instances, lost).Average(s => NeighbourLosses.AnyTogether(strategy, s) ? 0.0 : 1);
                        Assert.Equal(expected, NeighbourLosses.NoneTogether(strategy, instances, lost), 1e-12);
                    }
                }
            }
        }
    }
}
