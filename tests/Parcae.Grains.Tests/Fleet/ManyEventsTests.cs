using System.Diagnostics;
using Parcae.Grains.Tests.Support;

namespace Parcae.Grains.Tests.Fleet;

public sealed class ManyEventsTests(ParcaeCluster cluster)
{
    [Fact]
    public async Task Ten_thousand_events_slow_neither_the_fleet_nor_its_job_and_leave_little_behind()
    {
        const int Events = 10_000, Batch = 1_000;
        var world = await cluster.Training("2:1x2", vault: false, "1", "2");
        await world.Train(1);
        var visitor = world.Add("visitor", InstanceRole.Worker);
        var took = new List<double>();
        for (int sent = 0; sent < Events;)
        {
            var watch = Stopwatch.StartNew();
            for (int i = 0; i < Batch / 2; i++, sent += 2)
            {
                await world.Fleet.Join(visitor.Info);
                await world.Fleet.Lost(visitor.Id, "test");
            }

            took.Add(watch.Elapsed.TotalSeconds);
        }

        // The first are slower than all others, as code is compiled; a fleet that slows down would show in the last.
        double early = took.Skip(1).Take(3).Min(), late = took.TakeLast(3).Min();
        Assert.True(late < 2 * early, $"seconds per {Batch} events: {string.Join(", ", took.Select(t => $"{t:F2}"))}");
        var snapshot = await world.Fleet.Snapshot();
        Assert.Equal(Events + 2, snapshot.LastSequence);
        var log = await world.Fleet.ReadLog(0, int.MaxValue);
        Assert.InRange(log.Length, 1000, 1250);
        Assert.Equal(snapshot.LastSequence, log[^1].Sequence);
        Assert.InRange(cluster.Disk.Count(world.Fleet, "journal"), 1, 100);

        // The job has taken all of them in, and trains as it did.
        await cluster.Disk.When<Parcae.Grains.Jobs.JobState>(world.Name, s => s.FleetSequence == Events + 2).WaitAsync(Patience.Long, TestContext.Current.CancellationToken);
        Assert.Equal((JobPhase.Training, 1), ((await world.Job.Status()).Phase, (await world.Job.Status()).Plan!.Generation));
    }
}
