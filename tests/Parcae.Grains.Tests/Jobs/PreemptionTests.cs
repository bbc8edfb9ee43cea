using Parcae.Grains.Tests.Support;

namespace Parcae.Grains.Tests.Jobs;

public sealed class PreemptionTests(ParcaeCluster cluster)
{
    [Fact]
    public async Task A_worker_that_is_just_forgetting_the_job_does_not_use_up_the_generation_numbers()
    {
        var world = cluster.World();
        await world.Join("1", "2", "3", "4");
        await world.Job.Submit(world.Spec("2:1x2"));
        await world.Trains(_ => true);
        var spare = new[] { "1", "2", "3", "4" }.Select(id => world[id]).First(w => world.Plan.Of(w.Id) is null);
        await spare.Halt(new HaltCommand(world.Name, int.MaxValue, HaltMode.Now, 0));
        await world.Kill(world.Short(world.Plan.At(0, 1).Peer.InstanceId));
        var record = await world.Trains(r => r.Number > 1);
        Assert.InRange(record.Number, 2, 9);
    }

    [Fact]
    public async Task A_noticed_member_is_moved_away_from_at_a_step_boundary()
    {
        var world = await Training("2:1x2", "1", "2", "3");
        await world.Train(4);
        string leaver = Member(world, stage: 0);
        await world.Fleet.Notice(leaver, TimeSpan.FromMinutes(2), "test");
        var record = await world.Trains(r => r.Number > 1);
        Assert.Equal((MigrationKind.InterStage, 4, 0, "shadows", $"{leaver} leaves (notice)"), (record.Kind, record.AtStep, record.StepsReplayed, record.Source, record.Cause));
        Assert.Null((await world.Job.Status()).Plan!.Of(leaver));

        // When it goes at last nothing changes any more.
        await world.Fleet.Lost(leaver, "test");
        await world.Saved(s => s.FleetSequence == 5);
        await cluster.Settled(world);
        Assert.Equal(2, (await world.Job.History(0)).Generations.Length);
    }

    [Fact]
    public async Task An_unannounced_loss_costs_no_step_that_anyone_passed()
    {
        var world = await Training("4:2x2", "1", "2", "3", "4", "5");
        await world.Train(4);
        string victim = Member(world, stage: 1);
        string passed = (await world.Job.Status()).Plan!.At(0, 0).Peer.InstanceId;
        world.BreakOff(passed);
        await world.Kill(world.Short(victim));
        var record = await world.Trains(r => r.Number > 1);

        // One replica had passed step 4: the other survivors finish it with the norm that it knows.
        Assert.Equal((5, 0, "peers", $"{victim} lost without notice"), (record.AtStep, record.StepsReplayed, record.Source, record.Cause));
        await world.Train(2);
        var status = await world.Job.Status();
        Assert.Equal((7, 56L, 0L, 0), (status.CommittedStep, status.Ledger.SamplesCommitted, status.Ledger.SamplesLost, status.Ledger.ReplayMismatches));
    }

    [Fact]
    public async Task A_step_that_nobody_passed_is_abandoned_and_run_again()
    {
        var world = await Training("2:1x2 4:2x2", "1", "2", "3", "4");
        await world.Train(4);
        world.BreakOff();
        string victim = Member(world, stage: 1);
        await world.Kill(world.Short(victim));
        var record = await world.Trains(r => r.Number > 1);
        Assert.Equal((1, 2, 4, 0, MigrationKind.IntraStage), (record.Pipelines, record.Depth, record.AtStep, record.StepsReplayed, record.Kind));
        Assert.Equal("in place", record.Source);
    }

    [Fact]
    public async Task A_member_that_hangs_is_given_up_after_a_short_time()
    {
        var world = await Training("2:1x2", "1", "2", "3");
        await world.Train(1);
        string victim = Member(world, stage: 1);
        world[world.Short(victim)].Health = Health.Hung;
        string other = Member(world, stage: 0);
        await world.Job.ReportBroken(new BrokenReport(other, 1, victim, false, "timed out"));
        var record = await world.Trains(r => r.Number > 1);
        Assert.Contains($"{victim}", record.Cause, StringComparison.Ordinal);
        Assert.DoesNotContain((await world.Fleet.Snapshot()).Instances, i => i.Info.Id == victim);
    }

    [Fact]
    public async Task A_member_for_which_nobody_waits_is_given_up_when_it_says_itself_that_it_hangs()
    {
        var world = await Training("1:1x1", "1", "2");
        await world.Train(1);
        string victim = Member(world, stage: 0);
        world[world.Short(victim)].Health = Health.Hung;
        await world.Job.ReportBroken(new BrokenReport(victim, 1, victim, false, "training has not got on for 60 s"));
        var record = await world.Trains(r => r.Number > 1);
        Assert.Contains($"{victim}", record.Cause, StringComparison.Ordinal);
        Assert.DoesNotContain((await world.Fleet.Snapshot()).Instances, i => i.Info.Id == victim);
        Assert.Contains(await world.Job.Events(0), e => e.Message.StartsWith($"{victim} counts as lost", StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_suspect_that_answers_keeps_its_place()
    {
        var world = await Training("2:1x2", "1", "2", "3");
        await world.Train(1);
        string suspect = Member(world, stage: 1);
        await world.Job.ReportBroken(new BrokenReport(Member(world, stage: 0), 1, suspect, false, "connection reset"));
        var record = await world.Trains(r => r.Number > 1);
        Assert.Equal((MigrationKind.IntraStage, 1, $"{suspect} does not answer"), (record.Kind, record.AtStep, record.Cause));
        Assert.NotNull((await world.Job.Status()).Plan!.Of(suspect));
    }

    [Fact]
    public async Task A_loss_while_others_wait_for_the_boundary_halts_them_at_once()
    {
        var world = await Training("2:1x2", "1", "2", "3", "4");
        await world.Train(1);
        var (stays, leaves) = (world[world.Short(Member(world, stage: 0))], world[world.Short(Member(world, stage: 1))]);

        // The boundary never comes: its peer dies in the middle of the step.
        stays.Boundary = leaves.Boundary = new TaskCompletionSource().Task;
        await world.Fleet.Notice(leaves.Id, TimeSpan.FromMinutes(2), "test");
        await world.Until(() => stays.Commands.OfType<HaltCommand>().Any(h => h.Mode == HaltMode.AtBoundary));
        leaves.Health = Health.Dead;
        await world.Job.ReportBroken(new BrokenReport(stays.Id, 1, leaves.Id, true, "connection reset"));
        await world.Until(() => stays.Commands.OfType<HaltCommand>().Any(h => h.Mode == HaltMode.Now));
        await world.Trains(r => r.Number > 1);
    }

    [Fact]
    public async Task A_loss_during_preparation_leads_to_the_next_generation()
    {
        var world = await Training("2:1x2", "1", "2", "3", "4");
        await world.Train(2);
        var preparing = new TaskCompletionSource<FakeWorker>(TaskCreationOptions.RunContinuationsAsynchronously);
        string[] spares = await Spares(world);
        foreach (string spare in spares.Select(world.Short))
        {
            world[spare].BeforePrepare = _ =>
            {
                preparing.TrySetResult(world[spare]);
                return new TaskCompletionSource().Task;
            };
        }

        await world.Fleet.Notice(Member(world, stage: 1), TimeSpan.FromMinutes(2), "test");
        var victim = await preparing.Task;
        world[world.Short(spares.First(s => s != victim.Id))].BeforePrepare = null;
        victim.Health = Health.Dead;
        await world.Fleet.Lost(victim.Id, "test");
        var record = await world.Trains(r => r.Number > 1);
        Assert.True(record.Number > 2, "the generation whose preparation failed keeps its number");
        Assert.Equal((2, 0), (record.AtStep, record.StepsReplayed));
        Assert.Null((await world.Job.Status()).Plan!.Of(victim.Id));
    }

    [Fact]
    public async Task Losing_too_many_pauses_and_a_join_resumes_from_the_survivors()
    {
        var world = await Training("2:1x2 4:2x2", "1", "2", "3", "4");
        await world.Train(2);
        var plan = (await world.Job.Status()).Plan!;
        string[] gone = [plan.At(0, 1).Peer.InstanceId, plan.At(1, 1).Peer.InstanceId, plan.At(1, 0).Peer.InstanceId];
        foreach (string id in gone) world[world.Short(id)].Health = Health.Dead;
        foreach (string id in gone) await world.Fleet.Lost(id, "test");
        await world.Pauses(r => r.StartsWith("1 instance is available", StringComparison.Ordinal));
        Assert.Equal(0, (await world.Job.Status()).SamplesPerSecond);

        // Without a vault the other stage is lost: all begins again, and says so.
        await world.Join("9");
        var record = await world.Trains(r => r.Number > 1);
        Assert.Equal((MigrationKind.Resume, 0, 2, "seed"), (record.Kind, record.AtStep, record.StepsReplayed, record.Source));
        await world.Train(3);
        Assert.Equal(new JobLedger { SamplesCommitted = 24, StepsReplayed = 2 }, (await world.Job.Status()).Ledger);
    }

    [Fact]
    public async Task A_replayed_step_that_comes_out_differently_is_counted()
    {
        var world = await Training("2:1x2", "1", "2", "3");
        await world.Train(2);
        var plan = (await world.Job.Status()).Plan!;
        foreach (var place in plan.Places) world[world.Short(place.Peer.InstanceId)].Health = Health.Dead;
        foreach (var place in plan.Places) await world.Fleet.Lost(place.Peer.InstanceId, "test");
        await world.Join("9");
        await world.Trains(r => r.Number > 1);
        string reporter = (await world.Job.Status()).Plan!.Places[0].Peer.InstanceId;
        int generation = (await world.Job.Status()).Plan!.Generation;
        await world.Job.ReportSteps(new StepReport(reporter, generation, [FakeWorld.Result(0), FakeWorld.Result(1) with { Loss = 99 }]));
        Assert.Equal(1, (await world.Job.Status()).Ledger.ReplayMismatches);
    }

    [Fact]
    public async Task Commands_and_reports_of_an_older_generation_are_refused()
    {
        var world = await Training("2:1x2", "1", "2", "3");
        await world.Train(1);
        string stays = Member(world, stage: 0);
        await world.Fleet.Notice(Member(world, stage: 1), TimeSpan.FromMinutes(2), "test");
        var record = await world.Trains(r => r.Number > 1);

        var instance = cluster.Cluster.Client.GetGrain<IInstanceGrain>(stays);
        var stale = await Assert.ThrowsAsync<StaleGenerationException>(() => instance.Switch(new SwitchCommand(world.Name, 1, 0)));
        Assert.Equal((1, record.Number), (stale.Generation, stale.Fence));
        var ack = await world.Job.ReportSteps(new StepReport(stays, 1, [FakeWorld.Result(1), FakeWorld.Result(2)]));
        Assert.Equal((record.Number, 1), (ack.Generation, (await world.Job.Status()).CommittedStep));
    }

    [Fact]
    public async Task Repeated_and_stale_stream_events_change_nothing()
    {
        var world = await Training("2:1x2", "1", "2", "3");
        var stream = cluster.Cluster.Client.GetStreamProvider(ParcaeNames.StreamProvider)
            .GetStream<AvailabilityEvent>(StreamId.Create(ParcaeNames.AvailabilityNamespace, world.Name));
        foreach (var e in await world.Fleet.ReadLog(0, 10)) await stream.OnNextAsync(e);
        await stream.OnNextAsync((await world.Fleet.ReadLog(0, 1))[0] with { Kind = AvailabilityKind.Lost, InstanceId = Member(world, stage: 0) });
        await world.Join("4");
        await world.Saved(s => s.FleetSequence == 4);
        await cluster.Settled(world);
        Assert.Single((await world.Job.History(0)).Generations);
    }

    [Fact]
    public async Task Commands_to_an_instance_that_is_gone_are_refused()
    {
        var world = cluster.World();
        await world.Join("1");
        var instance = cluster.Cluster.Client.GetGrain<IInstanceGrain>(world.Id("1"));
        await instance.WorkerStatus("any");
        await world.Fleet.Lost(world.Id("1"), "test");
        await cluster.Disk.When<Parcae.Grains.Fleet.InstanceState>(world.Id("1"), s => s.Record?.Phase == InstancePhase.Gone);
        await Assert.ThrowsAsync<InstanceGoneException>(() => instance.WorkerStatus("any"));
        await Assert.ThrowsAsync<InstanceGoneException>(() => cluster.Cluster.Client.GetGrain<IInstanceGrain>("never").WorkerStatus("any"));
    }

    private Task<FakeWorld> Training(string table, params string[] instances) => cluster.Training(table, vault: false, instances);

    private static string Member(FakeWorld world, int stage) => world.Plan.Places.Last(p => p.Stage == stage).Peer.InstanceId;

    private static async Task<string[]> Spares(FakeWorld world)
    {
        var plan = world.Plan;
        return [.. (await world.Fleet.Snapshot()).Instances.Select(i => i.Info.Id).Where(id => plan.Of(id) is null)];
    }
}
