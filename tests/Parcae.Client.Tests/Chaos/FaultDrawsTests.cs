using Parcae.Cli.Chaos;
using Parcae.Cli.Commands;
using Parcae.Grains;

namespace Parcae.Client.Tests.Chaos;

public sealed class FaultDrawsTests
{
    [Fact]
    public void The_same_seed_draws_the_same_faults_and_another_seed_others()
    {
        Assert.Equal(Draw(7, 100), Draw(7, 100));
        Assert.NotEqual(Draw(7, 100), Draw(8, 100));
    }

    [Fact]
    public void Every_point_with_every_kind_is_drawn_once_before_one_is_drawn_again_but_the_vault_is_never_killed()
    {
        var all = from point in FaultNames.Points from kind in FaultNames.Kinds where (point, kind) != (FaultPoint.VaultApply, FaultKind.Kill) select (point, kind);
        var drawn = Draw(3, 2 * all.Count()).Select(d => (d.Order.Point, d.Order.Kind)).ToArray();

        Assert.Equal(all, drawn.Take(all.Count()).Order());
        Assert.Equal(all, drawn.Skip(all.Count()).Order());
        Assert.NotEqual(drawn.Take(all.Count()), drawn.Skip(all.Count()));
    }

    [Fact]
    public void Everybody_is_struck_in_time_and_at_every_passage()
    {
        string[] members = ["a", "b", "c"];
        var drawn = Draw(5, 200);

        Assert.Equal(members, drawn.Select(d => d.Choose(members)).Distinct().Order());
        Assert.Equal([1, 2, 3], drawn.Select(d => d.Order.Passages).Distinct().Order());
        Assert.All(drawn.Where(d => d.Order.Point is FaultPoint.MidSwitch or FaultPoint.MidTransfer), d => Assert.Equal(1, d.Order.Passages));
    }

    [Fact]
    public void Only_the_points_and_kinds_that_were_asked_for_are_drawn()
    {
        var draws = new FaultDraws(
            1, FaultNames.Parse("--points", "mid-all-reduce, vault-apply", FaultNames.Points), FaultNames.Parse("--kinds", "kill,hang", FaultNames.Kinds));

        Assert.Equal(3, draws.Pairs);
        Assert.Equal(
            [(FaultPoint.MidAllReduce, FaultKind.Kill), (FaultPoint.MidAllReduce, FaultKind.Hang), (FaultPoint.VaultApply, FaultKind.Hang)],
            Enumerable.Range(0, 3).Select(_ => draws.Next().Order).Select(o => (o.Point, o.Kind)).Order());
        Assert.Throws<UsageException>(() => new FaultDraws(1, [FaultPoint.VaultApply], [FaultKind.Kill]));
    }

    private static DrawnFault[] Draw(int seed, int count)
    {
        var draws = new FaultDraws(seed, FaultNames.Points, FaultNames.Kinds);
        return [.. Enumerable.Range(0, count).Select(_ => draws.Next())];
    }
}
