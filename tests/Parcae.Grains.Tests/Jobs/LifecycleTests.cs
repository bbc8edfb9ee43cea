using Parcae.Grains.Jobs;
using Parcae.Grains.Tests.Support;

[assembly: AssemblyFixture(typeof(ParcaeCluster))]

namespace Parcae.Grains.Tests.Jobs;

public sealed class LifecycleTests(ParcaeCluster cluster)
{
    [Fact]
    public async Task A_job_with_too_few_instances_pauses_and_says_so_then_starts_on_a_join()
    {
        var world = cluster.World();
        await world.Join("1");
        await world.Job.Submit(world.Spec("2:1x2"));
        await world.Pauses();
        Assert.Equal("1 instance is available; the smallest plan needs 2", (await world.Job.Status()).Reason);

        await world.Join("2");
        var record = await world.Trains(_ => true);
        Assert.Equal(MigrationKind.Start, record.Kind);
        Assert.Equal($"{world.Id("2")} joined", record.Cause);
        Assert.Equal("seed", record.Source);
        Assert.Equal((1, 2, 0), (record.Pipelines, record.Depth, record.AtStep));
        Assert.Equal(WorkerPhase.Running, world["1"].Phase);
    }

    [Fact]
    public async Task Steps_that_workers_report_are_committed_once_and_saved()
    {
        var world = cluster.World();
        await world.Join("1", "2");
        await world.Job.Submit(world.Spec("2:1x2"));
        await world.Trains(_ => true);
        await world.Train(3);
        await world.Report();
        await world.Saved(s => s.Ledger.Committed == 3 && s.StoredSteps == 3);

        var status = await world.Job.Status();
        Assert.Equal(3, status.CommittedStep);
        Assert.Equal(FakeWorld.Result(2).Loss, status.Loss);
        Assert.Equal(new JobLedger { SamplesCommitted = 24 }, status.Ledger);
        Assert.Equal(Enumerable.Range(0, 3).Select(FakeWorld.Result), (await world.Job.History(0)).Steps);
        Assert.Equal(new StepAck(1, 3), await world.Job.ReportSteps(new StepReport(world.Id("1"), 1, [])));
    }

    [Fact]
    public async Task A_spec_is_submitted_once_and_never_changed()
    {
        var world = cluster.World();
        var spec = world.Spec("2:1x2");
        await world.Job.Submit(spec);
        await world.Job.Submit(world.Spec("2:1x2"));
        await Assert.ThrowsAsync<ArgumentException>(() => world.Job.Submit(spec with { Training = spec.Training with { Seed = 2 } }));
        Assert.Equal([world.Name], await cluster.Cluster.Client.GetGrain<IJobDirectoryGrain>(world.Name).List());
    }

    [Fact]
    public async Task A_bad_spec_is_refused_with_all_its_problems()
    {
        var world = cluster.World();
        var spec = world.Spec("2:1x2") with { Model = new ModelSpec { Blocks = 0, Heads = 3 } };
        var refusal = await Assert.ThrowsAsync<ArgumentException>(() => world.Job.Submit(spec));
        Assert.Contains("model.blocks", refusal.Message, StringComparison.Ordinal);
        Assert.Contains("model.heads", refusal.Message, StringComparison.Ordinal);
        await Assert.ThrowsAsync<KeyNotFoundException>(() => world.Job.Status());
    }

    [Fact]
    public async Task A_joiner_that_does_not_pay_becomes_a_spare()
    {
        var world = cluster.World();
        await world.Join("1", "2");
        await world.Job.Submit(world.Spec("2:1x2"));
        await world.Trains(_ => true);
        await world.Join("3");
        await world.Saved(s => s.FleetSequence == 3);
        await cluster.Settled(world);
        Assert.Equal([world.Id("3")], (await world.Job.Status()).Spares);
        Assert.Single((await world.Job.History(0)).Generations);
    }

    [Fact]
    public async Task A_joiner_that_pays_is_taken_in_at_a_step_boundary()
    {
        var world = cluster.World();
        await world.Join("1", "2", "3");
        await world.Job.Submit(world.Spec("2:1x2 4:2x2"));
        await world.Trains(_ => true);
        await world.Train(5);
        await world.Join("4");
        var record = await world.Trains(r => r.Pipelines == 2);
        Assert.Equal((MigrationKind.InterStage, 5, "shadows", $"{world.Id("4")} joined"), (record.Kind, record.AtStep, record.Source, record.Cause));
        Assert.Equal(4000, record.BytesMoved);
        await world.Train(2);
        Assert.Equal(7, (await world.Job.Status()).CommittedStep);
    }

    [Fact]
    public async Task A_change_of_depth_moves_layers_from_peer_to_peer()
    {
        var world = cluster.World();
        await world.Join("1", "2");
        await world.Job.Submit(world.Spec("2:1x2 4:1x4"));
        await world.Trains(_ => true);
        await world.Train(3);
        await world.Join("3");
        await world.Join("4");
        var record = await world.Trains(r => r.Depth == 4);
        Assert.Equal((MigrationKind.Pipeline, 3, "shadows"), (record.Kind, record.AtStep, record.Source));
        Assert.Equal(2000, record.BytesMoved);
        await world.Train(1);
        Assert.Equal(4, (await world.Job.Status()).CommittedStep);
    }

    [Fact]
    public async Task Finishing_checkpoints_releases_and_returns_every_instance()
    {
        var world = cluster.World();
        await world.JoinVault();
        await world.Join("1", "2");
        await world.Job.Submit(world.Spec("2:1x2", vault: true));
        await world.Trains(_ => true);
        await world.Train(4);
        await world.Job.Finish();
        await world.Saved(s => s.Phase == JobPhase.Completed);

        Assert.Equal("step 4 reached, checkpoint of step 4", (await world.Job.Status()).Reason);
        Assert.True(world["v"].Disk[4]);
        Assert.Equal(WorkerPhase.Idle, world["1"].Phase);
        Assert.All((await world.Fleet.Snapshot()).Instances, i => Assert.Equal((InstancePhase.Ready, null), (i.Phase, i.JobId)));

        // Whoever missed the end hears of it.
        Assert.True((await world.Job.ReportSteps(new StepReport(world.Id("1"), 1, []))).Generation > 1);
    }

    [Fact]
    public async Task A_wish_that_the_store_could_not_take_is_durable_and_acted_on_when_it_is_asked_again()
    {
        var world = cluster.World();
        await world.Join("1", "2");
        await world.Job.Submit(world.Spec("2:1x2"));
        await world.Trains(_ => true);
        await world.Train(4);
        cluster.Disk.Refuse("job", world.Job, true);
        await Assert.ThrowsAnyAsync<OrleansException>(world.Job.Finish);
        cluster.Disk.Refuse("job", world.Job, false);
        // As the SDK does for whoever called it. The answer means that it is durable, and that it is being acted on.
        await world.Job.Finish();
        Assert.Equal(JobIntent.Finish, cluster.Disk.Get<JobState>("job", world.Job).Intent);
        await world.Saved(s => s.Phase == JobPhase.Completed);
    }

    [Fact]
    public async Task A_vault_that_lags_takes_the_final_state_over_before_the_last_checkpoint()
    {
        var world = cluster.World();
        await world.JoinVault();
        await world.Join("1", "2");
        await world.Job.Submit(world.Spec("2:1x2", vault: true));
        await world.Trains(_ => true);
        await world.Train(2);
        await world.Train(2, vaultFollows: false);
        await world.Job.Finish();
        await world.Saved(s => s.Phase == JobPhase.Completed);
        Assert.True(world["v"].Disk[4]);
    }

    [Fact]
    public async Task A_job_completes_by_itself_when_all_steps_are_done()
    {
        var world = cluster.World();
        await world.Join("1", "2");
        await world.Job.Submit(world.Spec("2:1x2", steps: 3));
        await world.Trains(_ => true);
        await world.Train(3);
        await world.Saved(s => s.Phase == JobPhase.Completed);
        var status = await world.Job.Status();
        Assert.Equal((3, 24, 0), (status.CommittedStep, status.Ledger.SamplesCommitted, status.Ledger.SamplesLost));
    }

    [Fact]
    public async Task A_paused_job_stands_still_through_joins_and_resumes_where_it_was()
    {
        var world = cluster.World();
        await world.Join("1", "2");
        await world.Job.Submit(world.Spec("2:1x2 3:1x3"));
        await world.Trains(_ => true);
        await world.Train(2);
        await world.Job.Pause();
        await world.Pauses(r => r == "paused by the user");
        Assert.Equal(WorkerPhase.Halted, world["1"].Phase);
        await world.Join("3");
        await world.Saved(s => s.FleetSequence == 3);
        await cluster.Settled(world);
        Assert.Single((await world.Job.History(0)).Generations);

        await world.Job.Resume();
        var record = await world.Trains(r => r.Depth == 3);
        Assert.Equal((MigrationKind.Resume, 2, "resumed by the user"), (record.Kind, record.AtStep, record.Cause.Split(", ")[^1]));
        await world.Train(1);
        Assert.Equal(3, (await world.Job.Status()).CommittedStep);
    }

    [Fact]
    public async Task Cancelling_ends_a_job_for_good()
    {
        var world = cluster.World();
        await world.Join("1", "2");
        await world.Job.Submit(world.Spec("2:1x2"));
        await world.Trains(_ => true);
        await world.Job.Cancel();
        await world.Saved(s => s.Phase == JobPhase.Cancelled);
        Assert.All((await world.Fleet.Snapshot()).Instances, i => Assert.Null(i.JobId));
        await world.Job.Resume();
        Assert.Equal(JobPhase.Cancelled, (await world.Job.Status()).Phase);
    }
}
