using Parcae.Grains.Tests.Support;

namespace Parcae.Grains.Tests.Jobs.Preview;

public sealed class PlanPreviewTests(ParcaeCluster cluster)
{
    [Fact]
    public async Task A_free_fleet_gives_a_plan_on_all_of_it_with_its_price()
    {
        var world = cluster.World();
        await world.Join("1", "2", "3");
        var p = await Grain(world).Preview(world.Spec("2:1x2 3:1x3"));
        Assert.Equal((true, 1, 3, 3.0, 3, 3, 0, 3, 2), (p.Feasible, p.Pipelines, p.Depth, p.Liveput, p.Usable, p.Free, p.OtherJobs, p.Instances, p.MinInstances));
        Assert.Equal(("four layers", 400L, "by the table"), (p.Model, p.Parameters, p.Reason));
        Assert.Equal(3 * 0.918, p.UsdPerHour!.Value, 9);
        Assert.Equal(3 * 0.918 / (3 * 3600) * 1e6, p.UsdPerMillionSamples!.Value, 6);
        Assert.EndsWith("layer times are measured there", p.Basis, StringComparison.Ordinal);
        Assert.Empty(await cluster.Cluster.Client.GetGrain<IJobDirectoryGrain>(world.Name).List());
        Assert.All((await world.Fleet.Snapshot()).Instances, i => Assert.Equal(InstancePhase.Ready, i.Phase));
    }

    [Fact]
    public async Task Beside_another_job_an_even_share_is_reckoned_with_and_nobody_at_work_is_measured()
    {
        var world = cluster.World();
        await world.Join("1", "2", "3", "4");
        await world.Job.Submit(world.Spec("4:2x2"));
        await world.Trains(_ => true);
        var asked = new List<string>();
        foreach (string id in (string[])["1", "2", "3", "4"])
        {
            world[id].Describing = spec =>
            {
                lock (asked) asked.Add(spec.Planning.LayerTimes);
                return Task.FromResult(FakeWorld.Outline());
            };
        }

        var p = await Grain(world).Preview(world.Spec("2:1x2 4:2x2"));
        Assert.Equal((true, 4, 0, 1, 2, "1 x 2"), (p.Feasible, p.Usable, p.Free, p.OtherJobs, p.Instances, $"{p.Pipelines} x {p.Depth}"));
        Assert.Equal(["estimated"], asked);
        Assert.EndsWith("layer times are estimated", p.Basis, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Too_few_instances_and_too_few_for_the_job_itself_are_told()
    {
        var world = cluster.World();
        await world.Join("1", "2", "3");
        var p = await Grain(world).Preview(world.Spec("4:2x2"));
        Assert.Equal((false, 4, 3), (p.Feasible, p.MinInstances, p.Instances));
        Assert.Equal("it needs at least 4 instances and can expect 3 now; submitted all the same, it waits for more", p.Reason);
        var limited = world.Spec("2:1x2");
        p = await Grain(world).Preview(limited with { Planning = limited.Planning with { MaxInstances = 1 } });
        Assert.Equal((false, 2, 1), (p.Feasible, p.MinInstances, p.Instances));
    }

    [Fact]
    public async Task What_no_instance_can_hold_is_never_feasible()
    {
        var world = cluster.World();
        await world.Join("1");
        var spec = world.Spec("liveput");
        var p = await Grain(world).Preview(spec with { Name = "real", Planning = spec.Planning with { MemoryBytes = 1 } });
        Assert.Equal((false, null), (p.Feasible, p.MinInstances));
        Assert.Contains("no strategy fits, however many instances there are: with 1 bytes of memory (planning.memoryBytes)", p.Reason, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Without_workers_the_vault_describes_the_model_and_without_anybody_the_preview_says_so()
    {
        var world = cluster.World();
        var p = await Grain(world).Preview(world.Spec("2:1x2"));
        Assert.Equal((false, null, "the fleet has no instance yet that could describe the model; submitted all the same, the job waits for some"), (p.Feasible, p.Model, p.Reason));
        await world.JoinVault();
        p = await Grain(world).Preview(world.Spec("2:1x2"));
        Assert.Equal((false, "four layers", 2), (p.Feasible, p.Model, p.MinInstances));
        Assert.StartsWith($"{world.Id("v")} describes the model; layer times are estimated", p.Basis, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Problems_of_the_spec_and_of_the_data_reach_the_caller()
    {
        var world = cluster.World();
        var spec = world.Spec("1:1x1");
        var e = await Assert.ThrowsAsync<ArgumentException>(() => Grain(world).Preview(spec with { Training = spec.Training with { GlobalBatch = 0 } }));
        Assert.Contains("training.globalBatch: 0 is not valid", e.Message, StringComparison.Ordinal);
        world.Add("1", InstanceRole.Worker).Describing = _ => Task.FromException<ModelOutline>(new InvalidDataException("there is no file y"));
        await world.Fleet.Join(world["1"].Info);
        var data = await Assert.ThrowsAsync<InvalidDataException>(() => Grain(world).Preview(spec));
        Assert.Equal("there is no file y", data.Message);
    }

    private IPlanPreviewGrain Grain(FakeWorld world) => cluster.Cluster.Client.GetGrain<IPlanPreviewGrain>(world.Name);
}
