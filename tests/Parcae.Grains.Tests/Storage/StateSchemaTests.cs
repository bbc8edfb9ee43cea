using Orleans.Core.Internal;
using Parcae.Grains.Fleet;
using Parcae.Grains.Jobs;
using Parcae.Grains.Tests.Support;

namespace Parcae.Grains.Tests.Storage;

/// <summary>Durable state of other versions: older is brought up to date, newer is refused and left as it is.</summary>
public sealed class StateSchemaTests(ParcaeCluster cluster)
{
    [Fact]
    public async Task State_of_a_newer_version_is_refused_with_both_numbers_and_what_to_do_and_left_as_it_is()
    {
        string name = $"new{Guid.NewGuid():N}";
        var client = cluster.Cluster.Client;
        cluster.Disk.Put("job", client.GetGrain<IJobGrain>(name), new JobState { Schema = 99, Spec = new JobSpec() });
        cluster.Disk.Put("fleet", client.GetGrain<IFleetGrain>(name), new FleetState { Schema = 99 });
        cluster.Disk.Put("instance", client.GetGrain<IInstanceGrain>(name), new InstanceState { Schema = 99 });
        cluster.Disk.Put("jobs", client.GetGrain<IJobDirectoryGrain>(name), new JobDirectoryState { Schema = 99 });
        var refused = new[]
        {
            await Assert.ThrowsAsync<StateTooNewException>(client.GetGrain<IJobGrain>(name).Status),
            await Assert.ThrowsAsync<StateTooNewException>(client.GetGrain<IFleetGrain>(name).Snapshot),
            await Assert.ThrowsAsync<StateTooNewException>(client.GetGrain<IInstanceGrain>(name).Get),
            await Assert.ThrowsAsync<StateTooNewException>(client.GetGrain<IJobDirectoryGrain>(name).List),
        };
        Assert.Equal(
            [$"job '{name}'", $"fleet '{name}'", $"instance '{name}'", $"the job directory of fleet '{name}'"],
            refused.Select(e => e.Message.Split(" was written by a newer version (its schema is 99, this version knows up to 1). Run that version again, or restore a backup from before the upgrade.")[0].Replace("The stored state of ", "", StringComparison.Ordinal)));
        Assert.Equal(99, cluster.Disk.Get<JobState>("job", client.GetGrain<IJobGrain>(name)).Schema);
    }

    [Fact]
    public async Task A_job_from_before_the_rules_were_numbered_keeps_its_generations_and_intervals()
    {
        var world = await cluster.Training("2:1x2", vault: false, "1", "2");
        await world.Train(2);
        await world.Saved(s => s.Ledger.Committed == 2);
        var generations = (await world.Job.History(0)).Generations;
        await Deactivate(world.Job);

        var old = cluster.Disk.Get<JobState>("job", world.Job);
        IntervalRecord[] intervals = [new(0, 2, 2, 2, 1, 2, 60), new(1, 2, 2, 2, 1, 2, 120)];
        (old.Schema, old.GenerationCount, old.IntervalCount, old.LastGeneration) = (0, 0, 0, null);
        old.Generations.AddRange(generations);
        old.Intervals.AddRange(intervals);
        cluster.Disk.Put("job", world.Job, old);

        var history = await world.Job.History(0);
        Assert.Equal(generations, history.Generations);
        Assert.Equal(intervals, history.Intervals);
        await cluster.Disk.When<JobState>(world.Name, s => s is { Schema: 1, GenerationCount: 1, IntervalCount: 2, Generations.Count: 0, Intervals.Count: 0 }).WaitAsync(Patience.Long, TestContext.Current.CancellationToken);
    }

    [Fact]
    public async Task A_fleet_from_before_it_kept_a_journal_keeps_its_instances_and_its_numbers()
    {
        var world = cluster.World();
        var worker = world.Add("1", InstanceRole.Worker);
        var state = new FleetState { LastSequence = 41, Log = [new AvailabilityEvent { Sequence = 41, Kind = AvailabilityKind.Joined, InstanceId = worker.Id, Role = InstanceRole.Worker, At = DateTimeOffset.UnixEpoch }] };
        state.Instances[worker.Id] = new InstanceRecord { Info = worker.Info, Phase = InstancePhase.Ready };
        cluster.Disk.Put("fleet", world.Fleet, state);
        await world.Join("2");
        var snapshot = await world.Fleet.Snapshot();
        Assert.Equal([worker.Id, world.Id("2")], snapshot.Instances.Select(i => i.Info.Id));
        Assert.Equal([42L], (await world.Fleet.ReadLog(0, 10)).Select(e => e.Sequence));
    }

    [Fact]
    public async Task A_fleet_that_is_activated_again_knows_everything_that_was_answered_for()
    {
        var world = cluster.World();
        // Past a whole that is written, and past chunks that are dropped.
        for (int i = 0; i < 400; i++)
        {
            await world.Join($"{i}");
            if (i % 2 == 0) await world.Fleet.Lost(world.Id($"{i}"), "test");
        }

        var (before, log) = (await world.Fleet.Snapshot(), await world.Fleet.ReadLog(0, 5000));
        await Deactivate(world.Fleet);
        var (after, again) = (await world.Fleet.Snapshot(), await world.Fleet.ReadLog(0, 5000));
        Assert.Equal(600, after.LastSequence);
        Assert.Equivalent(before, after, strict: true);
        Assert.Equal(log, again.TakeLast(log.Length));
        Assert.Equal(Enumerable.Range((int)again[0].Sequence, again.Length).Select(i => (long)i), again.Select(e => e.Sequence));
    }

    private async Task Deactivate(IGrain grain)
    {
        var gone = cluster.Cluster.WaitForDeactivationAsync(grain);
        await grain.AsReference<IGrainManagementExtension>().DeactivateOnIdle();
        await gone.WaitAsync(Patience.Long, TestContext.Current.CancellationToken);
    }
}
