using Parcae.Grains.Tests.Support;

namespace Parcae.Grains.Tests.Fleet;

/// <summary>An instance that comes back under its id, at its old address, is another incarnation: what the old one held is gone.</summary>
public sealed class IncarnationTests(ParcaeCluster cluster)
{
    [Fact]
    public async Task A_member_that_was_started_again_is_prepared_anew_though_nobody_saw_a_connection_break()
    {
        var world = await cluster.Training("1:1x1", vault: true, "1");
        await world.Train(3);

        var again = world.Restart("1");
        await world.Fleet.Join(again.Info);

        var record = await world.Trains(r => r.Number > 1);
        Assert.Equal((3, 0, "vault"), (record.AtStep, record.StepsReplayed, record.Source));
        Assert.Equal(again.Info.DataPlane, world.Plan.At(0, 0).Peer);
        Assert.Equal(again.Info, (await cluster.Cluster.Client.GetGrain<IInstanceGrain>(again.Id).Get())!.Info);
    }

    [Fact]
    public async Task A_late_word_that_the_old_one_is_gone_does_not_take_the_new_one_away()
    {
        var world = await cluster.Training("2:1x2", vault: false, "1", "2");
        await world.Train(2);
        var plan = world.Plan;
        var old = world["1"];
        var again = world.Restart("1");
        await world.Fleet.Join(again.Info);
        await world.Job.ReportBroken(new BrokenReport(world.Id("2"), plan.Generation, old.Id, true, "connection refused"));
        await world.Fleet.Lost(old.Id, "late", old.Info.DataPlane.Incarnation);

        await world.Trains(r => r.Number > 1);
        Assert.Equal(again.Info, Assert.Single((await world.Fleet.Snapshot()).Instances, i => i.Info.Id == again.Id).Info);
        Assert.Single(await world.Fleet.ReadLog(0, 100), e => e.Kind == AvailabilityKind.Lost);
    }

    [Fact]
    public async Task Each_phase_of_an_instance_is_kept_with_its_time()
    {
        var world = cluster.World();
        await world.Join("1");
        var grain = cluster.Cluster.Client.GetGrain<IInstanceGrain>(world.Id("1"));
        var times = new List<DateTimeOffset>();
        async Task Is(InstancePhase phase)
        {
            await cluster.Disk.When<Parcae.Grains.Fleet.InstanceState>(world.Id("1"), s => s.Record?.Phase == phase).WaitAsync(Patience.Long, TestContext.Current.CancellationToken);
            times.Add((await grain.Get())!.PhaseSince);
        }

        await Is(InstancePhase.Ready);
        await world.Job.Submit(world.Spec("1:1x1"));
        await Is(InstancePhase.Assigned);
        await world.Fleet.Notice(world.Id("1"), TimeSpan.FromMinutes(2), "test");
        await Is(InstancePhase.Draining);
        await world.Fleet.Lost(world.Id("1"), "test");
        await Is(InstancePhase.Gone);
        Assert.Equal(times.Order(), times);
        var record = (await grain.Get())!;
        Assert.Equal((times[^1], times[2] + TimeSpan.FromMinutes(2)), (record.GoneAt!.Value, record.Deadline!.Value));
        await Assert.ThrowsAsync<InstanceGoneException>(() => grain.WorkerStatus("x"));
    }
}
