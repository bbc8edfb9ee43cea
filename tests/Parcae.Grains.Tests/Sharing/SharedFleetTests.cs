using Parcae.Grains.Jobs;
using Parcae.Grains.Tests.Support;

namespace Parcae.Grains.Tests.Sharing;

/// <summary>Several jobs on one fleet: what one is lent more than its share, it gives back by a planned migration.</summary>
public sealed class SharedFleetTests(ParcaeCluster cluster)
{
    [Fact]
    public async Task A_second_job_gets_its_share_by_a_planned_migration_and_gives_it_back_when_it_ends()
    {
        var world = cluster.World();
        await world.Join("1", "2", "3", "4");
        await world.Job.Submit(world.Spec("2:1x2 4:2x2"));
        await world.Trains(r => r is { Pipelines: 2, Depth: 2 });
        await world.Train(3);

        var (second, id) = Another(world, "b");
        await second.Submit(world.Spec("2:1x2 4:2x2"));
        var record = await world.Trains(r => r is { Pipelines: 1, Depth: 2 });
        Assert.Equal((3, 0, "another share of the fleet"), (record.AtStep, record.StepsReplayed, record.Cause));
        await Trains(id, r => r is { Pipelines: 1, Depth: 2 });
        var snapshot = await world.Fleet.Snapshot();
        Assert.Equal([2, 2], [.. new[] { world.Name, id }.Select(job => snapshot.Instances.Count(i => i.JobId == job))]);
        Assert.Equal(new Dictionary<string, int> { [world.Name] = 2, [id] = 2 }, snapshot.Shares);
        Assert.Contains(await world.Job.Events(0), e => e.Message.Contains("gives back", StringComparison.Ordinal) && e.Message.Contains("2 of 4 instances are the share of another job", StringComparison.Ordinal));
        Assert.Equal((2, 2), ((await world.Job.Status()).Share, (await second.Status()).Share));

        await second.Cancel();
        record = await world.Trains(r => r.Pipelines == 2);
        Assert.Equal((3, 0), (record.AtStep, record.StepsReplayed));
        Assert.Equal(0, (await world.Job.Status()).Ledger.SamplesLost);
    }

    [Fact]
    public async Task A_job_that_one_of_a_higher_priority_leaves_nothing_waits_with_its_state_in_the_vault_and_goes_on_where_it_was()
    {
        var world = await cluster.Training("2:1x2", vault: true, "1", "2");
        await world.Train(3);

        var (second, id) = Another(world, "b");
        await second.Submit(world.Spec("2:1x2") with { Sharing = new SharingSpec { Priority = 1 } });
        await Trains(id, _ => true);
        var status = await world.Job.Status();
        Assert.Equal((JobPhase.Paused, 0), (status.Phase, status.Share));
        Assert.Equal($"no instance is available ({id} of a higher priority comes first); the smallest plan needs 2", status.Reason);
        await cluster.Disk.When<JobState>(world.Name, s => s.Secured == 3);

        await second.Cancel();
        var record = await world.Trains(r => r.Number > 1);
        Assert.Equal((3, 0, "vault"), (record.AtStep, record.StepsReplayed, record.Source));
    }

    [Fact]
    public async Task A_job_without_a_vault_keeps_its_smallest_plan_whoever_comes()
    {
        var world = cluster.World();
        await world.Join("1", "2", "3", "4");
        await world.Job.Submit(world.Spec("2:1x2 4:2x2"));
        await world.Trains(r => r.Pipelines == 2);
        await world.Train(3);

        var (second, id) = Another(world, "b");
        await second.Submit(world.Spec("2:1x2 4:2x2") with { Sharing = new SharingSpec { Priority = 1 } });
        await world.Trains(r => r is { Pipelines: 1, AtStep: 3, StepsReplayed: 0 });
        await Trains(id, r => r.Pipelines == 1);
    }

    [Fact]
    public async Task What_a_paused_job_holds_serves_another_meanwhile()
    {
        var world = await cluster.Training("2:1x2", vault: true, "1", "2");
        await world.Train(2);
        await world.Job.Pause();
        await world.Pauses();
        Assert.Equal(2, (await world.Fleet.Snapshot()).Instances.Count(i => i.JobId == world.Name));

        var (second, id) = Another(world, "b");
        await second.Submit(world.Spec("2:1x2"));
        await Trains(id, _ => true);
        Assert.Equal(JobPhase.Paused, (await world.Job.Status()).Phase);
        await second.Cancel();
        await world.Job.Resume();
        var record = await world.Trains(r => r.Number > 1);
        Assert.Equal((2, 0), (record.AtStep, record.StepsReplayed));
    }

    [Fact]
    public async Task A_job_does_not_run_with_fewer_instances_than_its_user_wants()
    {
        var world = cluster.World();
        await world.Join("1", "2", "3");
        await world.Job.Submit(world.Spec("2:1x2") with { Sharing = new SharingSpec { MinInstances = 4 } });
        await world.Pauses(r => r == "3 instances are available; the job is to run with no fewer than 4");
        await world.Join("4");
        await world.Trains(r => r is { Pipelines: 1, Depth: 2 });
        await world.Train(1);
        await world.Fleet.Lost(world.Id("4"), "test");
        await world.Pauses(r => r == "3 instances are available; the job is to run with no fewer than 4");
    }

    [Fact]
    public async Task Instances_lost_to_one_job_come_out_of_both_shares()
    {
        var world = cluster.World();
        await world.Join("1", "2", "3", "4", "5", "6");
        await world.Job.Submit(world.Spec("1:1x1 2:2x1 3:3x1 4:4x1 6:6x1"));
        await world.Trains(r => r.Pipelines == 6);
        var (second, id) = Another(world, "b");
        await second.Submit(world.Spec("1:1x1 2:2x1 3:3x1 4:4x1 6:6x1"));
        await world.Trains(r => r.Pipelines == 3);
        await Trains(id, r => r.Pipelines == 3);

        var mine = (await world.Fleet.Snapshot()).Instances.Where(i => i.JobId == world.Name).Select(i => i.Info.Id).ToArray();
        foreach (string lost in mine.Take(2)) await world.Fleet.Notice(lost, TimeSpan.FromMinutes(2), "test");
        await world.Trains(r => r.Pipelines == 2);
        await Trains(id, r => r.Pipelines == 2);
    }

    private (IJobGrain Job, string Id) Another(FakeWorld world, string name) => (cluster.Cluster.Client.GetGrain<IJobGrain>($"{world.Name}-{name}"), $"{world.Name}-{name}");

    private Task Trains(string job, Func<GenerationRecord, bool> condition) =>
        cluster.Disk.When<JobState>(job, s => s.Phase == JobPhase.Training && s.LastGeneration is { } last && condition(last)).WaitAsync(Patience.Long, TestContext.Current.CancellationToken);
}
