using Parcae.Liveput.Costs;
using Parcae.Liveput.Simulation;
using Parcae.Liveput.Simulation.Policies;
using Parcae.Liveput.Simulation.Policies.Checkpointing;
using Parcae.Liveput.Traces;

namespace Parcae.Liveput.Tests.Simulation.StandIns;

public sealed class CheckpointPolicyTests
{
    private static readonly (int, int, double)[] Table = [(1, 1, 10), (2, 1, 18), (3, 1, 24)];
    private static readonly CheckpointPolicy Policy = new(StandInSetting.EveryTwoMinutes);

    // A start takes 3 s, a checkpoint stalls for 1 s; two instances are lost one after the other, each time all that was trained since the last checkpoint.
    [Fact]
    public void A_loss_rolls_back_to_the_last_checkpoint() =>
        StandInSetting.Trains(Policy, StandInSetting.Of(Table, 3, 3, 3, 2, 1, 1), 57 * 24, 60 * 24, 59 * 24, (57 * 18) - (59 * 24), (57 * 10) - (57 * 18), 60 * 10);

    // Of three instances one is a spare: two of three losses hit the job.
    [Fact]
    public void The_loss_of_a_spare_goes_unnoticed() =>
        StandInSetting.Trains(Policy, StandInSetting.Of(Table[..2], 3, 2), 57 * 18, (18 * (60 - 2)) - (2.0 / 3 * 57 * 18));

    // 1 s of the checkpoint stalls anyway, its other 3 s are waited for, and the restart takes 3 s.
    [Fact]
    public void Instances_that_join_wait_for_a_checkpoint()
    {
        var setting = StandInSetting.Of(Table, 1, 2, 2, 2);
        StandInSetting.Trains(Policy, setting, 57 * 10, 60 * 10, 53 * 18, 60 * 18);
        Assert.Equal([MigrationCaseKind.Start, null, MigrationCaseKind.InterStage, null], Simulator.Run(Policy, setting).Intervals.Select(i => i.Kind));
    }

    [Fact]
    public void Instances_that_join_when_others_are_lost_are_taken_in_by_the_restart()
    {
        var trace = new AvailabilityTrace("churn", "test", 60, [new TraceInterval(1, 0, 1), new TraceInterval(2, 1, 2)]);
        StandInSetting.Trains(Policy, StandInSetting.Of(Table, 1) with { Trace = trace }, 57 * 10, (57 * 18) - (57 * 10));
    }

    [Fact]
    public void With_too_few_instances_it_pauses_and_starts_again_by_itself() =>
        StandInSetting.Trains(Policy, StandInSetting.Of([(1, 2, 10)], 2, 1, 2), 570, -570, 570);

    [Fact]
    public void A_restart_that_exceeds_the_interval_is_waited_for_in_the_next()
    {
        var setting = StandInSetting.Of([(1, 1, 10)], 1, 1, 1);
        var trace = new AvailabilityTrace("short", "test", 2, setting.Trace.Intervals);
        StandInSetting.Trains(Policy, setting with { Trace = trace }, 0, 10, 20);
    }

    [Theory]
    [InlineData(0, 0.5)]
    [InlineData(double.NaN, 0.5)]
    [InlineData(60, -0.1)]
    [InlineData(60, 1.1)]
    public void Impossible_checkpoints_are_refused(double seconds, double share) =>
        Assert.Throws<ArgumentOutOfRangeException>(() => new CheckpointPolicy(new() { Seconds = seconds, StallShare = share }));

    [Fact]
    public void The_defaults_are_those_that_are_documented() => Assert.Equal((300, 0.25), (new CheckpointOptions().Seconds, new CheckpointOptions().StallShare));
}
