using Orleans.Core.Internal;
using Parcae.Grains.Tests.Support;

namespace Parcae.Grains.Tests.Jobs;

/// <summary>How a generation came about is kept, for the people who ask.</summary>
public sealed class ReconfigurationRecordTests(ParcaeCluster cluster)
{
    [Fact]
    public async Task A_generation_says_what_was_known_weighed_and_done()
    {
        var world = await cluster.Training("2:1x2 4:2x2", vault: true, "a", "b");
        await world.Train(3);
        await world.Join("c", "d");
        var generation = await world.Trains(g => g.Pipelines == 2);
        await cluster.Settled(world);

        var record = (await world.Job.Reconfiguration(generation.Number))!;
        Assert.Equal((generation.Number, 4), (record.Generation, record.Available));
        Assert.NotEmpty(record.Reason);
        Assert.Equal(4, Assert.Single(record.Forecast).Mean);
        Assert.Equal(world.Plan.Places.OrderBy(p => p.Pipeline).ThenBy(p => p.Stage).Select(p => p.Peer.InstanceId), record.Places.SelectMany(p => p));
        Assert.Equal([world.Id("v")], record.Vault);
        string[] phases = [.. record.Phases.Select(p => p.Name)];
        Assert.Equal(["forecast", "plan", "follow", "halt", "assign", "prepare", "commit", "switch"], phases);
        Assert.All(record.Phases, p => Assert.True(p.Milliseconds >= 0));
        // The newcomers followed their layers while training went on; nothing was left to move in the pause.
        Assert.Equal([world.Id("c"), world.Id("d")], record.Transfers.Select(t => t.To).Distinct().Order(StringComparer.Ordinal));
        Assert.All(record.Transfers, t => Assert.True(t is { Ahead: true, Bytes: > 0 }));
        Assert.Equal(generation.BytesMoved, record.Transfers.Sum(t => t.Bytes));
    }

    [Fact]
    public async Task What_was_not_kept_is_null_and_a_job_that_is_not_there_is_an_error()
    {
        var world = await cluster.Training("2:1x2", vault: false, "a", "b");
        Assert.Null(await world.Job.Reconfiguration(99));
        await Assert.ThrowsAsync<KeyNotFoundException>(() => cluster.World().Job.Reconfiguration(1));
    }

    [Fact]
    public async Task A_record_outlives_the_activation_that_made_it()
    {
        var world = await cluster.Training("2:1x2", vault: false, "a", "b");
        await cluster.Settled(world);
        var before = await world.Job.Reconfiguration(1);
        var gone = cluster.Cluster.WaitForDeactivationAsync(world.Job);
        await world.Job.AsReference<IGrainManagementExtension>().DeactivateOnIdle();
        await gone;
        var after = await world.Job.Reconfiguration(1);
        Assert.NotNull(after);
        Assert.Equal((before!.Reason, before.DecidedAt, before.Phases.Length), (after.Reason, after.DecidedAt, after.Phases.Length));
    }
}
