using Orleans.Hosting;
using Orleans.Streams;
using Parcae.Grains.Tests.Support;

namespace Parcae.Grains.Tests.Silos;

/// <summary>What the availability stream brings twice, late or out of order changes nothing: the numbers and the log behind it decide.</summary>
public sealed class StreamTests
{
    [Fact]
    public async Task Repeated_and_reordered_messages_are_taken_in_once_each()
    {
        // Nothing is heard by polling.
        await using var cluster = new ParcaeCluster(_ => ParcaeNames.ControlRole, 1, poll: TimeSpan.FromMinutes(10));
        await cluster.InitializeAsync();
        var world = await cluster.Training("2:1x2", vault: false, "1", "2", "3", "4");
        await world.Train(2);
        var stream = cluster.Cluster.Client.GetStreamProvider(ParcaeNames.StreamProvider).GetStream<AvailabilityEvent>(StreamId.Create(ParcaeNames.AvailabilityNamespace, world.Name));

        string leaver = world.Plan.At(0, 0).Peer.InstanceId;
        await world.Fleet.Notice(leaver, TimeSpan.FromMinutes(2), "test");
        await world.Trains(r => r.Number == 2);
        var log = await world.Fleet.ReadLog(0, 100);
        foreach (var e in log.Reverse().Concat(log)) await stream.OnNextAsync(e);
        string second = world.Plan.At(0, 1).Peer.InstanceId;
        await world.Fleet.Notice(second, TimeSpan.FromMinutes(2), "test");
        await world.Trains(r => r.Number == 3);
        await cluster.Settled(world);

        Assert.Equal(["first plan", $"{leaver} leaves (notice)", $"{second} leaves (notice)"], (await world.Job.History(0)).Generations.Select(g => g.Cause));
        Assert.Equal(new JobLedger { SamplesCommitted = 16 }, (await world.Job.Status()).Ledger);
    }

    [Fact]
    public async Task Messages_that_the_stream_loses_are_read_from_the_log_when_the_next_one_shows_the_gap()
    {
        await using var cluster = new ParcaeCluster(_ => ParcaeNames.ControlRole, 1, poll: TimeSpan.FromMinutes(10), streams: false, more: silo => silo.AddMemoryStreams("elsewhere"));
        await cluster.InitializeAsync();
        var world = await cluster.Training("2:1x2", vault: false, "1", "2", "3");
        await world.Train(2);
        var leaver = world.Plan.At(0, 0).Peer.InstanceId;
        await world.Fleet.Notice(leaver, TimeSpan.FromMinutes(2), "lost on the way");
        await world.Fleet.Notice(world.Id("3") == leaver ? world.Id("2") : world.Id("3"), TimeSpan.FromMinutes(2), "lost on the way");
        var log = await world.Fleet.ReadLog(0, 100);

        // Only the last one arrives.
        await cluster.Deliver(world, log[^1]);
        await world.Pauses();
        Assert.Equal(log[^1].Sequence, cluster.Disk.Get<Parcae.Grains.Jobs.JobState>("job", world.Job).FleetSequence);
    }
}
