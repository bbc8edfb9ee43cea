using Parcae.Grains.Tests.Support;

namespace Parcae.Grains.Tests.Jobs;

public sealed class ShadowingTests(ParcaeCluster cluster)
{
    [Fact]
    public async Task Training_goes_on_while_a_joiner_follows_and_nothing_is_fetched_after_the_halt()
    {
        var world = await Training("2:1x2 4:2x2", "1", "2", "3");
        var caughtUp = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        world["3"].Following = _ => caughtUp.Task;
        await world.Join("4");
        await world.Until(() => world["3"].Commands.OfType<ShadowCommand>().Any() && world["4"].Commands.OfType<ShadowCommand>().Any());

        await world.Train(3);
        Assert.Equal(JobPhase.Training, (await world.Job.Status()).Phase);
        Assert.DoesNotContain(world[world.Short(Member(world, 0))].Commands, c => c is HaltCommand h && h.Generation > 1);
        caughtUp.SetResult();
        var record = await world.Trains(r => r.Pipelines == 2);

        Assert.Equal((3, "shadows", 4000L), (record.AtStep, record.Source, record.BytesMoved));
        Assert.All(new[] { "1", "2", "3", "4" }, id => Assert.Single(world[id].Commands.OfType<PrepareCommand>(), c => c.Plan.Generation == record.Number));
    }

    [Fact]
    public async Task What_happens_meanwhile_is_reckoned_with_before_the_halt()
    {
        var world = await Training("2:1x2 4:2x2 6:3x2", "1", "2", "3");
        var never = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        world["3"].Following = command => command.Sources.Length > 0 && !never.Task.IsCompleted ? never.Task : Task.CompletedTask;
        await world.Join("4");
        await world.Until(() => world["3"].Commands.OfType<ShadowCommand>().Any());

        // Two more come before that is done: one change in place of two.
        await world.Join("5");
        await world.Join("6");
        await world.Until(() => world["6"].Commands.OfType<ShadowCommand>().Any());
        never.SetResult();
        var record = await world.Trains(r => r.Pipelines > 1);

        Assert.Equal((3, "shadows"), (record.Pipelines, record.Source));
        Assert.Equal(2, (await world.Job.History(0)).Generations.Length);
    }

    [Fact]
    public async Task A_loss_meanwhile_is_dealt_with_at_once()
    {
        var world = await cluster.Training("2:1x2 4:2x2", vault: true, "1", "2", "3");
        await world.Train(2);
        var never = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        string spare = world.Short((await world.Job.Status()).Spares.Single());
        world[spare].Following = _ => never.Task;
        await world.Join("4");
        await world.Until(() => world[spare].Commands.OfType<ShadowCommand>().Any());

        string victim = Member(world, 1);
        world.BreakOff();
        await world.Kill(world.Short(victim));
        var record = await world.Trains(r => r.Number > 1);

        Assert.Equal((1, 2, 2), (record.Pipelines, record.Depth, record.AtStep));
        Assert.Null((await world.Job.Status()).Plan!.Of(victim));
    }

    [Fact]
    public async Task A_follower_that_is_the_last_to_have_a_layer_is_waited_for()
    {
        var world = await Training("2:1x2 4:2x2", "1", "2", "3");
        await world.Train(2);
        world["3"].Following = _ => new TaskCompletionSource().Task;
        await world.Join("4");
        await world.Until(() => world["4"].Follows);

        // Longer than a spare may take while all wait for it, less than a member may.
        world["4"].HaltTakes = TimeSpan.FromSeconds(0.6);
        string followed = world["4"].Commands.OfType<ShadowCommand>().Last().Sources[0].Holders[0].InstanceId;
        await world.Kill(world.Short(followed));
        Assert.Equal(2, (await world.Trains(r => r.Number > 1)).AtStep);
    }

    [Fact]
    public async Task A_follower_that_fails_fetches_after_the_halt()
    {
        var world = await Training("2:1x2 4:2x2", "1", "2", "3");
        world["3"].Following = _ => throw new InvalidOperationException("Layers 0, 1 cannot be followed at x: it hung up");
        await world.Join("4");
        var record = await world.Trains(r => r.Pipelines == 2);

        Assert.Equal("shadows+peers", record.Source);
        Assert.Contains(await world.Job.Events(0), e => e.Message.Contains("could not follow in time (InvalidOperationException", StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_notice_with_too_little_time_left_is_no_time_to_follow()
    {
        var world = await Training("2:1x2", "1", "2", "3");
        await world.Train(1);
        string leaver = Member(world, 0);
        await world.Fleet.Notice(leaver, TimeSpan.FromSeconds(2), "test");
        var record = await world.Trains(r => r.Number > 1);

        Assert.Equal("peers", record.Source);
        Assert.DoesNotContain(world["3"].Commands, c => c is ShadowCommand);
    }

    [Fact]
    public async Task A_vault_that_joins_follows_everything_first()
    {
        var world = cluster.World();
        await world.Join("1", "2");
        await world.Job.Submit(world.Spec("2:1x2", vault: true));
        await world.Trains(_ => true);
        await world.Train(2);
        await world.JoinVault();
        var record = await world.Trains(r => r.Number > 1);

        var command = Assert.Single(world["v"].Commands.OfType<ShadowCommand>());
        Assert.Equal([0, 1, 2, 3], command.Sources.Select(s => s.Layer));
        Assert.Equal(4000, record.BytesMoved);
        Assert.NotNull((await world.Job.Status()).Plan!.Vault);
    }

    private static string Member(FakeWorld world, int stage) => world.Plan.At(0, stage).Peer.InstanceId;

    private Task<FakeWorld> Training(string table, params string[] ids) => cluster.Training(table, vault: false, ids);
}
