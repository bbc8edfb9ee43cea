using Parcae.Grains.Tests.Support;

namespace Parcae.Grains.Tests.Jobs;

public sealed class DescribeTests(ParcaeCluster cluster)
{
    [Fact]
    public async Task One_worker_describes_the_model_once_and_the_job_keeps_what_it_says()
    {
        var world = cluster.World();
        await world.Join("1", "2");
        await world.Job.Submit(world.Spec("2:1x2 3:1x3"));
        await world.Trains(_ => true);
        await world.Train(1);
        await world.Join("3");
        await world.Trains(r => r.Depth == 3);
        Assert.Equal(1, Enumerable.Range(1, 3).Sum(i => world[$"{i}"].Commands.Count(c => c is "describe")));
        var status = await world.Job.Status();
        Assert.Equal(("four layers", 400L), (status.Model, status.Parameters));
        Assert.Equal(FakeWorld.Outline().Layers, (await world.Job.History(0)).Outline!.Layers);
    }

    [Fact]
    public async Task A_job_without_instances_says_so_before_anybody_has_described_its_model()
    {
        var world = cluster.World();
        await world.Job.Submit(world.Spec("2:1x2"));
        await world.Pauses();
        var status = await world.Job.Status();
        Assert.Equal(("no instance is available", null, null), (status.Reason, status.Model, status.Parameters));
        await world.Join("1", "2");
        Assert.Equal(MigrationKind.Start, (await world.Trains(_ => true)).Kind);
    }

    [Fact]
    public async Task A_spec_that_no_worker_can_train_ends_the_job_with_the_reason()
    {
        foreach (Exception wrong in (Exception[])[new ArgumentException("there is no plug-in x.dll"), new InvalidDataException("there is no file y")])
        {
            var world = cluster.World();
            world.Add("1", InstanceRole.Worker).Describing = _ => Task.FromException<ModelOutline>(wrong);
            await world.Fleet.Join(world["1"].Info);
            await world.Job.Submit(world.Spec("1:1x1"));
            await world.Saved(s => s.Phase == JobPhase.Failed);
            Assert.Equal($"{world.Id("1")} cannot train this: {wrong.Message}", (await world.Job.Status()).Reason);
            Assert.All((await world.Fleet.Snapshot()).Instances, i => Assert.Equal((InstancePhase.Ready, null), (i.Phase, i.JobId)));
        }
    }

    [Fact]
    public async Task Who_cannot_describe_the_model_is_passed_over_for_another()
    {
        var world = cluster.World();
        foreach (string id in (string[])["1", "2", "3", "4"]) world.Add(id, InstanceRole.Worker);
        world["1"].Describing = _ => throw new InvalidOperationException("the library does not load");
        world["2"].Health = Health.Dead;
        foreach (string id in (string[])["1", "2", "3", "4"]) await world.Fleet.Join(world[id].Info);
        await world.Job.Submit(world.Spec("2:1x2"));
        await world.Trains(_ => true);
        Assert.Equal("four layers", (await world.Job.Status()).Model);
        Assert.DoesNotContain((await world.Fleet.Snapshot()).Instances, i => i.Info.Id == world.Id("2"));
    }

    [Fact]
    public async Task Who_does_not_answer_is_not_waited_for_and_a_cancelled_job_waits_for_nobody()
    {
        var world = cluster.World();
        world.Add("1", InstanceRole.Worker).Describing = _ => new TaskCompletionSource<ModelOutline>().Task;
        await world.Fleet.Join(world["1"].Info);
        await world.Job.Submit(world.Spec("1:1x1"));
        await world.Until(() => world["1"].Commands.Contains("describe"));
        await world.Job.Cancel();
        await world.Saved(s => s.Phase == JobPhase.Cancelled);

        var other = cluster.World();
        other.Add("1", InstanceRole.Worker).Describing = _ => new TaskCompletionSource<ModelOutline>().Task;
        await other.Fleet.Join(other["1"].Info);
        await other.Join("2");
        await other.Job.Submit(other.Spec("1:1x1"));
        await other.Trains(_ => true);
        Assert.Equal("four layers", (await other.Job.Status()).Model);
    }

    [Fact]
    public async Task The_status_tells_where_each_replica_of_the_current_generation_spends_its_time()
    {
        var world = cluster.World();
        await world.Join("1", "2");
        await world.Job.Submit(world.Spec("2:1x2 3:1x3"));
        await world.Trains(_ => true);
        var (first, second) = (world.Plan.At(0, 0).Peer.InstanceId, world.Plan.At(0, 1).Peer.InstanceId);
        await world.Job.ReportSteps(new StepReport(second, 1, [], new StageTiming(1, 4, 2, 0.5, 0, 0.1)));
        await world.Job.ReportSteps(new StepReport(first, 1, [], new StageTiming(0, 4, 2.5, 0, 0, 0.1)));
        await world.Job.ReportSteps(new StepReport(second, 1, [], new StageTiming(1, 5, 2.5, 0.6, 0, 0.1)));
        await world.Job.ReportSteps(new StepReport(second, 1, []));
        await world.Job.ReportSteps(new StepReport(second, 0, [], new StageTiming(1, 99, 99, 99, 99, 99)));
        Assert.Equal(
            [new InstanceTiming(first, new StageTiming(0, 4, 2.5, 0, 0, 0.1)), new InstanceTiming(second, new StageTiming(1, 5, 2.5, 0.6, 0, 0.1))],
            (await world.Job.Status()).StageTimings);

        await world.Join("3");
        await world.Trains(r => r.Depth == 3);
        Assert.Empty((await world.Job.Status()).StageTimings);
    }

    [Fact]
    public async Task Skipped_steps_and_the_last_validation_loss_show_in_the_status()
    {
        var world = cluster.World();
        await world.Join("1", "2");
        await world.Job.Submit(world.Spec("2:1x2"));
        await world.Trains(_ => true);
        string leader = world.Plan.At(0, 1).Peer.InstanceId;
        await world.Job.ReportSteps(new StepReport(leader, 1,
            [FakeWorld.Result(0) with { ValidationLoss = 3.5 }, FakeWorld.Result(1) with { Loss = double.NaN, GradientNorm = double.NaN }, FakeWorld.Result(2)]));
        var status = await world.Job.Status();
        Assert.Equal((3, 1, 3.5), (status.CommittedStep, status.SkippedSteps, status.ValidationLoss));
        Assert.Contains(await world.Job.Events(0), e => e.Message.StartsWith("step 1 changed nothing: its gradient is not finite", StringComparison.Ordinal));
        Assert.Equal(3.5, (await world.Job.History(0)).Steps[0].ValidationLoss);
    }
}
