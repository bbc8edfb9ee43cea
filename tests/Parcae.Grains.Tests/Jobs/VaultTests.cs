using Parcae.Grains.Tests.Support;

namespace Parcae.Grains.Tests.Jobs;

public sealed class VaultTests(ParcaeCluster cluster)
{
    [Fact]
    public async Task A_stage_with_no_survivor_comes_back_from_the_vault_and_the_steps_it_lags_are_run_again()
    {
        var world = await Training("2:1x2", "1", "2", "3");
        await world.Train(4);
        await world.Train(2, vaultFollows: false);
        string victim = world.Plan.At(0, 1).Peer.InstanceId;
        await world.Kill(world.Short(victim));
        var record = await world.Trains(r => r.Number > 1);
        Assert.Equal((4, 2, "vault"), (record.AtStep, record.StepsReplayed, record.Source));

        await world.Train(3);
        Assert.Equal(new JobLedger { SamplesCommitted = 56, StepsReplayed = 2 }, (await world.Job.Status()).Ledger);
    }

    [Fact]
    public async Task A_vault_that_keeps_up_costs_no_step_when_a_stage_is_lost()
    {
        var world = await Training("2:1x2", "1", "2", "3");
        await world.Train(4);
        string victim = world.Plan.At(0, 1).Peer.InstanceId;
        await world.Kill(world.Short(victim));
        var record = await world.Trains(r => r.Number > 1);
        Assert.Equal((4, 0, "vault"), (record.AtStep, record.StepsReplayed, record.Source));
    }

    [Fact]
    public async Task With_nobody_left_the_job_pauses_and_resumes_from_the_vault()
    {
        var world = await Training("2:1x2", "1", "2");
        await world.Train(3);
        foreach (var place in world.Plan.Places) world[world.Short(place.Peer.InstanceId)].Health = Health.Dead;
        foreach (var place in world.Plan.Places) await world.Fleet.Lost(place.Peer.InstanceId, "test");
        await world.Pauses(r => r == "no instance is available; the smallest plan needs 2");
        await world.Join("8", "9");
        var record = await world.Trains(r => r.Number > 1);
        Assert.Equal((MigrationKind.Resume, 3, 0, "vault"), (record.Kind, record.AtStep, record.StepsReplayed, record.Source));
    }

    [Fact]
    public async Task A_damaged_checkpoint_is_passed_over_for_the_next_older_one()
    {
        var world = await Training("2:1x2", "1", "2");
        await world.Train(9);
        (world["v"].Disk[8], world["v"].Disk[4], world["v"].Disk[2]) = (false, true, true);
        world["v"].Forget();
        foreach (var place in world.Plan.Places) world[world.Short(place.Peer.InstanceId)].Health = Health.Dead;
        foreach (var place in world.Plan.Places) await world.Fleet.Lost(place.Peer.InstanceId, "test");
        await world.Join("8", "9");
        var record = await world.Trains(r => r.Number > 1);
        Assert.Equal((4, 5, "checkpoint"), (record.AtStep, record.StepsReplayed, record.Source));
        await world.Train(1);
        Assert.Equal(5, (await world.Job.Status()).CommittedStep);
    }

    [Fact]
    public async Task State_that_only_a_vault_can_have_is_waited_for()
    {
        var world = await Training("2:1x2", "1", "2");
        await world.Train(5);
        var vault = world["v"];
        vault.Health = Health.Dead;
        await world.Fleet.Lost(vault.Id, "test");
        foreach (var place in world.Plan.Places) world[world.Short(place.Peer.InstanceId)].Health = Health.Dead;
        foreach (var place in world.Plan.Places) await world.Fleet.Lost(place.Peer.InstanceId, "test");
        await world.Join("8", "9");
        await world.Pauses(r => r == "no instance holds the state of step 5; waiting for the state vault and its checkpoints");

        // The vault's process comes back with its disk.
        world.Add("w", InstanceRole.Vault).Disk[4] = true;
        await world.Fleet.Join(world["w"].Info);
        var record = await world.Trains(r => r.Number > 1);
        Assert.Equal((4, 1, "checkpoint"), (record.AtStep, record.StepsReplayed, record.Source));
    }

    [Fact]
    public async Task A_checkpoint_that_is_known_and_not_there_is_waited_for_though_another_vault_is()
    {
        var world = await Training("2:1x2", "1", "2");
        await world.Train(5);
        world["v"].Disk[4] = true;
        world["v"].Durable = 4;
        await Asked(world, "v", 2);
        world["v"].Health = Health.Dead;
        await world.Fleet.Lost(world.Id("v"), "test");
        foreach (var place in world.Plan.Places) world[world.Short(place.Peer.InstanceId)].Health = Health.Dead;
        foreach (var place in world.Plan.Places) await world.Fleet.Lost(place.Peer.InstanceId, "test");
        await world.JoinVault("w");
        await world.Join("8", "9");
        await world.Pauses(r => r == $"no instance holds the state of step 5; waiting for the state vault and its checkpoint of step 4, which {world.Id("v")} had");

        world.Add("x", InstanceRole.Vault).Disk[4] = true;
        await world.Fleet.Join(world["x"].Info);
        var record = await world.Trains(r => r.Number > 1);
        Assert.Equal((4, 1, "checkpoint"), (record.AtStep, record.StepsReplayed, record.Source));
    }

    [Fact]
    public async Task A_vault_whose_bucket_does_not_answer_is_asked_again_and_the_job_does_not_begin_from_nothing_meanwhile()
    {
        var world = await Training("2:1x2", "1", "2");
        await world.Train(5);
        await LoseAll(world);
        world.Add("w", InstanceRole.Vault).Unread = "s3://bucket does not answer: SlowDown";
        await world.Fleet.Join(world["w"].Info);
        await world.Join("8", "9");
        string why = $"{world.Id("w")} does not know all checkpoints (s3://bucket does not answer: SlowDown)";
        await world.Pauses(r => r == $"no instance holds the state of step 5; waiting for the state vault and its checkpoints: {why}");

        // Nothing tells the job.
        (world["w"].Unread, world["w"].Disk[4]) = (null, true);
        var record = await world.Trains(r => r.Number > 1);
        Assert.Equal((4, 1, "checkpoint"), (record.AtStep, record.StepsReplayed, record.Source));
    }

    [Fact]
    public async Task A_checkpoint_that_the_bucket_does_not_give_at_present_is_not_passed_over_for_an_older_one()
    {
        var world = await Training("2:1x2", "1", "2");
        await world.Train(5);
        await LoseAll(world);
        world.Add("w", InstanceRole.Vault).Away = true;
        (world["w"].Disk[2], world["w"].Disk[4]) = (true, true);
        await world.Fleet.Join(world["w"].Info);
        await world.Join("8", "9");
        await world.Pauses(r => r == "waiting for a checkpoint of the state vault: checkpoint 4 cannot be fetched");

        world["w"].Away = false;
        var record = await world.Trains(r => r.Number > 1);
        Assert.Equal((4, 1, "checkpoint"), (record.AtStep, record.StepsReplayed, record.Source));
    }

    [Fact]
    public async Task A_job_that_is_submitted_again_waits_for_a_bucket_that_does_not_answer_and_begins_at_what_that_has()
    {
        var world = cluster.World();
        await world.Join("1", "2");
        world.Add("v", InstanceRole.Vault).Unread = "s3://bucket does not answer: SlowDown";
        await world.Fleet.Join(world["v"].Info);
        await world.Job.Submit(world.Spec("2:1x2", vault: true));
        await world.Pauses(r => r.EndsWith("(s3://bucket does not answer: SlowDown)", StringComparison.Ordinal));
        await world.Join("3");
        (world["v"].Unread, world["v"].Disk[4]) = (null, true);
        var record = await world.Trains(_ => true);
        Assert.Equal((4, "checkpoint"), (record.AtStep, record.Source));
    }

    private static async Task LoseAll(FakeWorld world)
    {
        string[] all = [world.Id("v"), .. world.Plan.Places.Select(p => p.Peer.InstanceId)];
        foreach (string id in all) world[world.Short(id)].Health = Health.Dead;
        foreach (string id in all) await world.Fleet.Lost(id, "test");
    }

    [Fact]
    public async Task Several_control_silos_share_the_vault_and_bring_the_state_back_together()
    {
        var world = await Sharing(copies: 1, "v", "w");
        await world.Train(4);
        Assert.Equal([0, 1], world["v"].Versions.Keys.Order());
        Assert.Equal([2, 3], world["w"].Versions.Keys.Order());
        foreach (var place in world.Plan.Places) world[world.Short(place.Peer.InstanceId)].Health = Health.Dead;
        foreach (var place in world.Plan.Places) await world.Fleet.Lost(place.Peer.InstanceId, "test");
        await world.Join("8", "9");
        var record = await world.Trains(r => r.Number > 1);
        Assert.Equal((4, 0, "vault"), (record.AtStep, record.StepsReplayed, record.Source));
    }

    [Fact]
    public async Task A_control_silo_that_is_lost_with_all_workers_costs_nothing_where_layers_are_held_twice()
    {
        var world = await Sharing(copies: 2, "v", "w", "x");
        await world.Train(4);
        Assert.Equal(8, new[] { "v", "w", "x" }.Sum(id => world[id].Versions.Count));
        string[] lost = [world.Id("w"), .. world.Plan.Places.Select(p => p.Peer.InstanceId)];
        foreach (string id in lost) world[world.Short(id)].Health = Health.Dead;
        foreach (string id in lost) await world.Fleet.Lost(id, "test");
        await world.Join("8", "9");
        var record = await world.Trains(r => r.Number > 1);
        Assert.Equal((4, 0, "vault"), (record.AtStep, record.StepsReplayed, record.Source));
        Assert.Equal([world.Id("v"), world.Id("x")], (await world.Job.Status()).Plan!.Vault.Select(s => s.Peer.InstanceId));
    }

    [Fact]
    public async Task The_others_take_over_the_layers_of_a_control_silo_that_is_lost_while_training_goes_on()
    {
        var world = await Sharing(copies: 1, "v", "w", "x");
        await world.Train(2);
        world["w"].Health = Health.Dead;
        await world.Fleet.Lost(world.Id("w"), "test");
        var record = await world.Trains(r => r.Number > 1);
        Assert.Equal((2, 0, "in place"), (record.AtStep, record.StepsReplayed, record.Source));
        Assert.Equal([0, 1], world["v"].Versions.Keys.Order());
        Assert.Equal([2, 3], world["x"].Versions.Keys.Order());
    }

    [Fact]
    public async Task A_shard_that_stops_following_has_the_whole_vault_left_alone()
    {
        var world = await Sharing(copies: 1, "v", "w");
        await world.Train(2);
        world["w"].StopFollowing("it did not keep up");
        await world.Saved(s => s.Plan is { Generation: 1, Vault: [] });
        await world.Train(1, vaultFollows: false);
        var record = await world.Trains(r => r.Number > 1);
        Assert.Equal(3, record.AtStep);
        Assert.Equal(2, (await world.Job.Status()).Plan!.Vault.Length);
    }

    [Fact]
    public async Task A_vault_that_hangs_does_not_stop_training_and_is_taken_back_later()
    {
        var world = cluster.World();
        await world.Join("1", "2");
        world.Add("v", InstanceRole.Vault).BeforePrepare = _ => new TaskCompletionSource().Task;
        await world.Fleet.Join(world["v"].Info);
        await world.Job.Submit(world.Spec("2:1x2", vault: true));
        await world.Trains(_ => true);
        Assert.Empty((await world.Job.Status()).Plan!.Vault);
        await world.Train(2);

        world["v"].BeforePrepare = null;
        await world.Trains(r => r.Number > 1);
        Assert.Equal(world.Id("v"), Assert.Single((await world.Job.Status()).Plan!.Vault).Peer.InstanceId);
        Assert.All(world["v"].Versions.Values, v => Assert.Equal(2, v));
    }

    [Fact]
    public async Task A_vault_that_joins_late_copies_the_state_at_a_step_boundary()
    {
        var world = cluster.World();
        await world.Join("1", "2");
        await world.Job.Submit(world.Spec("2:1x2", vault: true));
        await world.Trains(_ => true);
        await world.Train(2);
        await world.JoinVault();
        var record = await world.Trains(r => r.Number > 1);
        Assert.Equal((MigrationKind.IntraStage, 2, "in place", $"vault {world.Id("v")} joined"), (record.Kind, record.AtStep, record.Source, record.Cause));
        Assert.Equal(4, world["v"].Versions.Count);
    }

    [Fact]
    public async Task A_vault_that_was_left_alone_and_is_ahead_of_every_report_brings_its_results_along()
    {
        var world = await Training("2:1x2", "1", "2");
        await world.Train(2);
        world.Step();
        var plan = world.Plan;
        await world.Job.ReportBroken(new BrokenReport(plan.At(0, 0).Peer.InstanceId, plan.Generation, world.Id("v"), false, "connection reset"));
        foreach (var place in plan.Places) world[world.Short(place.Peer.InstanceId)].Health = Health.Dead;
        foreach (var place in plan.Places) await world.Fleet.Lost(place.Peer.InstanceId, "test");
        await world.Join("8", "9");
        var record = await world.Trains(r => r.Number > 1);
        Assert.Equal((3, 0, "vault"), (record.AtStep, record.StepsReplayed, record.Source));
        await world.Train(1);
        Assert.Equal(new JobLedger { SamplesCommitted = 32 }, (await world.Job.Status()).Ledger);
    }

    [Fact]
    public async Task A_vault_that_stops_following_is_attached_again_later_and_training_does_not_wait()
    {
        var world = await Training("2:1x2", "1", "2");
        await world.Train(2);
        world["v"].StopFollowing("1 sends nothing any more");
        await world.Saved(s => s.Plan is { Generation: 1, Vault: [] });
        await world.Train(3);

        var record = await world.Trains(r => r.Number > 1);
        Assert.Equal((5, 0, $"vault {world.Id("v")} can follow"), (record.AtStep, record.StepsReplayed, record.Cause));
        Assert.All(world["v"].Versions.Values, v => Assert.Equal(5, v));
        Assert.Contains(await world.Job.Events(0), e => e.Message == $"going on without the state vault: {world.Id("v")} does not follow any more (1 sends nothing any more)");
    }

    [Fact]
    public async Task The_status_says_how_many_committed_steps_the_vault_lacks()
    {
        var world = await Training("2:1x2", "1", "2");
        await world.Train(3);
        await world.Train(2, vaultFollows: false);
        await Asked(world, "v", 2);
        var status = (await world.Job.Status()).Vault!;
        Assert.Equal([world.Id("v")], status.Instances);
        Assert.Equal((3, 2), (status.Version, status.Lag));

        world["v"].StopFollowing("it did not keep up");
        await world.Saved(s => s.Plan is { Generation: 1, Vault: [] });
        Assert.Null((await world.Job.Status()).Vault);
    }

    [Fact]
    public async Task A_vault_that_cannot_follow_costs_no_halt()
    {
        var world = cluster.World();
        await world.Join("1", "2");
        await world.Job.Submit(world.Spec("2:1x2", vault: true));
        await world.Trains(_ => true);
        await world.Train(2);
        world.Add("v", InstanceRole.Vault).Following = _ => throw new InvalidOperationException("it has no memory");
        await world.Fleet.Join(world["v"].Info);

        await world.Until(() => world["v"].Commands.OfType<ShadowCommand>().Count() > 1);
        Assert.DoesNotContain(world["1"].Commands, c => c is HaltCommand { Generation: > 1 });
        Assert.Contains(await world.Job.Events(0), e => e.Message.Contains($"{world.Id("v")} could not follow (InvalidOperationException: it has no memory", StringComparison.Ordinal));
        world["v"].Following = null;
        Assert.Equal(2, (await world.Trains(r => r.Number > 1)).AtStep);
    }

    /// <summary>Waits until an instance was asked for its status and the answer was taken in, so many times.</summary>
    private static Task Asked(FakeWorld world, string id, int times)
    {
        int asked;
        lock (world) asked = world[id].Commands.Count(c => c is "status");
        // Only after an answer is the next question put.
        return world.Until(() => world[id].Commands.Count(c => c is "status") > asked + times);
    }

    /// <summary>A job of 4 layers with two workers and several vaults.</summary>
    private async Task<FakeWorld> Sharing(int copies, params string[] vaults)
    {
        var world = cluster.World();
        foreach (string id in vaults) await world.JoinVault(id);
        await world.Join("1", "2");
        var spec = world.Spec("2:1x2", vault: true);
        await world.Job.Submit(spec with { Training = spec.Training with { VaultCopies = copies } });
        await world.Trains(_ => true);
        return world;
    }

    private Task<FakeWorld> Training(string table, params string[] instances) => cluster.Training(table, vault: true, instances);
}
