using Parcae.Liveput.Costs;
using Parcae.Liveput.Simulation;
using Parcae.Liveput.Simulation.Policies;
using Parcae.Liveput.Simulation.Policies.Checkpointing;

namespace Parcae.Liveput.Tests.Simulation.StandIns;

public sealed class OnDemandPolicyTests
{
    private static readonly (int, int, double)[] Table = [(1, 1, 10), (2, 1, 18), (3, 1, 24)];

    [Fact]
    public void The_mean_availability_rounded_down_is_rented_for_the_whole_trace()
    {
        var setting = StandInSetting.Of(Table, 3, 1, 3, 0, 4);
        StandInSetting.Trains(new OnDemandPolicy(), setting, 18 * 57, 18 * 60, 18 * 60, 18 * 60, 18 * 60);
        var intervals = Simulator.Run(new OnDemandPolicy(), setting).Intervals;
        Assert.All(intervals, i => Assert.Equal((new Strategy(2, 1), 2), (i.Strategy, i.OnDemandInstances)));
        Assert.Equal(MigrationCaseKind.Start, intervals[0].Kind);
    }

    [Fact]
    public void Only_what_the_fastest_strategy_needs_is_rented() =>
        Assert.Equal(3, Simulator.Run(new OnDemandPolicy(new() { Instances = 7 }), StandInSetting.Of(Table, 1)).Intervals[0].OnDemandInstances);

    [Fact]
    public void Too_few_instances_for_the_model_are_not_rented_at_all()
    {
        var result = Simulator.Run(new OnDemandPolicy(new() { Instances = 1 }), StandInSetting.Of([(1, 2, 10)], 4, 4));
        Assert.Equal((0, 2, 0, 0), (result.Samples, result.PausedIntervals, result.Intervals[0].OnDemandInstances, result.Intervals[0].SpotInstances));
    }

    [Fact]
    public void Spot_policies_rent_nothing_on_demand() =>
        Assert.All(Simulator.Run(new CheckpointPolicy(), StandInSetting.Of(Table, 3, 2)).Intervals, i => Assert.Equal(0, i.OnDemandInstances));

    [Fact]
    public void No_instances_is_no_option() =>
        Assert.StartsWith("Instances must be at least 1.", Assert.Throws<ArgumentOutOfRangeException>(() => new OnDemandPolicy(new() { Instances = 0 })).Message);
}
