using Parcae.Grains.Jobs.Planning;

namespace Parcae.Grains.Tests.Planning;

public sealed class TargetVersionTests
{
    [Fact]
    public void All_at_one_version_begin_there()
    {
        var target = Find(2, [Report("a", (0, 5, false)), Report("b", (1, 5, false))]);
        Assert.Equal(5, target!.Version);
        Assert.Equal([["a"], ["b"]], target.Holders);
        Assert.Null(target.Finish);
    }

    [Fact]
    public void A_straggler_with_gradients_finishes_the_step_when_its_norm_is_known()
    {
        var target = Find(2, [Report("a", (0, 6, false)), Report("b", (1, 5, true))], known: 5);
        Assert.Equal(6, target!.Version);
        Assert.Equal(["b"], target.Finishers);
        Assert.Equal(5, target.Finish?.Step);
    }

    [Fact]
    public void A_straggler_without_gradients_cannot_follow() =>
        Assert.Null(Find(2, [Report("a", (0, 6, false)), Report("b", (1, 5, false))], known: 5));

    [Fact]
    public void Gradients_without_a_known_norm_are_of_no_use()
    {
        var target = Find(2, [Report("a", (0, 5, true)), Report("b", (1, 5, true))]);
        Assert.Equal(5, target!.Version);
        Assert.Empty(target.Finishers);
    }

    [Fact]
    public void All_with_gradients_finish_a_step_that_only_a_lost_member_had_passed_once_its_norm_was_reported()
    {
        var target = Find(2, [Report("a", (0, 5, true)), Report("b", (1, 5, true))], known: 5);
        Assert.Equal(6, target!.Version);
        Assert.Equal(["a", "b"], target.Finishers);
    }

    [Fact]
    public void The_vault_takes_everyone_back_to_its_version_when_a_stage_is_lost()
    {
        var target = Find(2, [Report("a", (0, 4, false), (0, 6, false))], [Report("v", (0, 4, false), (1, 4, false))]);
        Assert.Equal(4, target!.Version);
        Assert.Equal([["a", "v"], ["v"]], target.Holders);
    }

    [Fact]
    public void A_shard_of_the_vault_finishes_a_step_that_another_has_applied()
    {
        var target = Find(3, [Report("a", (2, 6, false))], [Report("v", (0, 6, false)), Report("w", (1, 5, true))], known: 5);
        Assert.Equal(6, target!.Version);
        Assert.Equal([["v"], ["w"], ["a"]], target.Holders);
        Assert.Equal(["w"], target.Finishers);
    }

    [Fact]
    public void Shards_that_lack_a_step_take_everyone_back()
    {
        var target = Find(3, [Report("a", (2, 6, false), (2, 5, false))], [Report("v", (0, 5, true)), Report("w", (1, 5, false))], known: 5);
        Assert.Equal(5, target!.Version);
        Assert.Empty(target.Finishers);
    }

    [Fact]
    public void A_layer_that_was_prepared_but_never_switched_to_counts()
    {
        var target = Find(2, [Report("a", (0, 3, false)), Report("b", (0, 3, false), (1, 3, false), (1, 2, true))]);
        Assert.Equal(3, target!.Version);
        Assert.Empty(target.Finishers);
    }

    [Fact]
    public void A_layer_that_nobody_holds_leaves_no_version() => Assert.Null(Find(2, [Report("a", (0, 3, false))]));

    [Fact]
    public void Peers_come_before_those_that_must_finish_and_the_vault_comes_last()
    {
        var target = Find(1, [Report("z", (0, 6, false)), Report("a", (0, 5, true))], [Report("v", (0, 6, false))], known: 5);
        Assert.Equal(["z", "a", "v"], target!.Holders[0]);
    }

    private static StateTarget? Find(int layers, HaltReport[] survivors, HaltReport[]? vault = null, int known = -1) =>
        TargetVersion.Find(layers, survivors, vault ?? [], step => step == known ? new StepResult(step, 1, 1, 1, 1, 1) : null);

    private static HaltReport Report(string id, params (int Layer, int Version, bool Gradients)[] layers) =>
        new() { InstanceId = id, Layers = [.. layers.Select(l => new LayerHolding(l.Layer, l.Version, l.Gradients))], Results = [] };
}
