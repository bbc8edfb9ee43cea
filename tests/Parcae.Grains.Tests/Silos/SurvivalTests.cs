using Microsoft.Extensions.DependencyInjection;
using Orleans.Hosting;
using Parcae.Grains.Tests.Support;

namespace Parcae.Grains.Tests.Silos;

public sealed class SurvivalTests
{
    [Fact]
    public async Task A_job_whose_silo_dies_carries_on_from_another_without_stopping_its_workers()
    {
        await using var cluster = new ParcaeCluster(_ => ParcaeNames.ControlRole, 3, silo => silo.UseInMemoryReminderService());
        await cluster.InitializeAsync();
        var world = cluster.World();
        await world.JoinVault();
        await world.Join("1", "2", "3");
        await world.Job.Submit(world.Spec("2:1x2", vault: true));
        await world.Trains(_ => true);
        await world.Train(5);
        await world.Saved(s => s.Ledger.Committed == 5 && s.StoredSteps == 5);

        // These two are never heard of before the silo dies.
        world.Step();
        world.Step();
        await cluster.KillHostOf(world.Job);

        // A worker's next report brings the job back elsewhere.
        await Patient(world.Report);
        await world.Saved(s => s.Events.Any(e => e.Message.StartsWith("carrying on with generation 1", StringComparison.Ordinal)));
        await world.Report();
        var status = await world.Job.Status();
        Assert.Equal((7, 1, JobPhase.Training), (status.CommittedStep, status.Plan!.Generation, status.Phase));
        Assert.Equal(56, status.Ledger.SamplesCommitted);
        Assert.DoesNotContain(world["1"].Commands, c => c is HaltCommand h && h.Generation > 1);

        // And it still reacts.
        string leaver = world.Plan.At(0, 1).Peer.InstanceId;
        await world.Fleet.Notice(leaver, TimeSpan.FromMinutes(2), "test");
        var record = await world.Trains(r => r.Number > 1);
        Assert.Equal((7, 0, $"{leaver} leaves (notice)"), (record.AtStep, record.StepsReplayed, record.Cause));
    }

    [Fact]
    public async Task A_job_whose_silo_dies_in_the_middle_of_a_reconfiguration_begins_another()
    {
        await using var cluster = new ParcaeCluster(_ => ParcaeNames.ControlRole, 3);
        await cluster.InitializeAsync();
        var world = cluster.World();
        await world.Join("1", "2");
        await world.Job.Submit(world.Spec("2:1x2 3:1x3"));
        await world.Trains(_ => true);
        await world.Train(3);
        var preparing = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        world.Add("3", InstanceRole.Worker).BeforePrepare = _ =>
        {
            preparing.TrySetResult();
            return new TaskCompletionSource().Task;
        };
        await world.Fleet.Join(world["3"].Info);
        await preparing.Task;
        world["3"].BeforePrepare = null;
        await cluster.KillHostOf(world.Job);

        await Patient(() => world.Job.Status());
        var record = await world.Trains(r => r.Number > 2);
        Assert.Equal((3, 3, 0), (record.Depth, record.AtStep, record.StepsReplayed));
    }

    [Fact]
    public async Task A_reminder_keeps_a_job_alive_until_it_ends()
    {
        await using var cluster = new ParcaeCluster(_ => ParcaeNames.ControlRole, 1, silo => silo.UseInMemoryReminderService());
        await cluster.InitializeAsync();
        var world = cluster.World();
        await world.Join("1", "2");
        await world.Job.Submit(world.Spec("2:1x2"));
        await world.Trains(_ => true);
        var table = cluster.Cluster.GetSiloServiceProvider().GetRequiredService<IReminderTable>();
        Assert.Single((await table.ReadRows(world.Job.GetGrainId(), TestContext.Current.CancellationToken)).Reminders);

        var deactivated = cluster.Cluster.WaitForDeactivationAsync(world.Job);
        await world.Job.Finish();
        await deactivated.WaitAsync(Patience.Long, TestContext.Current.CancellationToken);
        Assert.Empty((await table.ReadRows(world.Job.GetGrainId(), TestContext.Current.CancellationToken)).Reminders);
        Assert.Equal(JobPhase.Completed, (await world.Job.Status()).Phase);
    }

    [Fact]
    public async Task Without_a_stream_everything_is_heard_from_the_log()
    {
        await using var cluster = new ParcaeCluster(_ => ParcaeNames.ControlRole, 1, streams: false);
        await cluster.InitializeAsync();
        var world = cluster.World();
        await world.Join("1", "2", "3");
        await world.Job.Submit(world.Spec("2:1x2"));
        await world.Trains(_ => true);
        await world.Train(1);
        string leaver = world.Plan.At(0, 0).Peer.InstanceId;
        await world.Fleet.Notice(leaver, TimeSpan.FromMinutes(2), "test");
        var record = await world.Trains(r => r.Number > 1);
        Assert.Equal($"{leaver} leaves (notice)", record.Cause);
    }

    [Fact]
    public async Task Each_interval_is_recorded_and_planned_for()
    {
        await using var cluster = new ParcaeCluster(_ => ParcaeNames.ControlRole, 1, interval: TimeSpan.FromMilliseconds(400));
        await cluster.InitializeAsync();
        var world = cluster.World();
        await world.Join("1", "2", "3", "4");
        await world.Job.Submit(world.Spec("2:1x2"));
        await world.Trains(_ => true);
        await world.Train(1);
        TablePlannerFactory.Overrides[world.Name] = "2:1x2 4:2x2";
        var record = await world.Trains(r => r.Number > 1);
        Assert.Equal("interval: 2 x 2 promises more than 1 x 2", record.Cause);
        var intervals = (await world.Job.History(0)).Intervals;
        for (int known = 0; intervals.Length == 0 || intervals[^1].Pipelines != 2; intervals = (await world.Job.History(0)).Intervals)
        {
            await world.Saved(s => s.IntervalCount > known);
            known = intervals.Length;
        }

        Assert.Equal(Enumerable.Range(0, intervals.Length), intervals.Select(i => i.Interval));
        Assert.All(intervals, i => Assert.Equal((4, 4.0), (i.Available, i.ForecastNext)));
        Assert.All(intervals.Skip(1), i => Assert.Equal(4.0, i.Forecast));
    }

    /// <summary>Calls in flight when a silo dies may fail once; whoever calls for real calls again.</summary>
    internal static async Task Patient(Func<Task> call)
    {
        for (int tries = 1; ; tries++)
        {
            try
            {
                await call();
                return;
            }
            catch (Exception e) when (tries < 20 && e is OrleansException or TimeoutException)
            {
            }
        }
    }
}
