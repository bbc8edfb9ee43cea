using Parcae.GpuWorker.Checkpoints;
using Parcae.GpuWorker.Data;
using Parcae.GpuWorker.Models;
using Parcae.GpuWorker.Numerics;
using Parcae.GpuWorker.Tests.Pipeline;
using Parcae.Grains;
using Xunit;

namespace Parcae.GpuWorker.Tests.Shadows;

/// <summary>A vault that several instances share.</summary>
public sealed class VaultShardTests
{
    private static readonly JobSpec Spec = TestJobs.Small;
    private static readonly int Layers = ModelFactory.Create(Spec.Model).LayerCount;
    private static readonly string[] Vault = ["v0", "v1", "v2"];

    [Fact]
    public async Task With_all_workers_lost_the_state_comes_back_from_the_shards_together()
    {
        await using var cluster = await TrainingAsync(copies: 1);

        var halts = await cluster.HaltAsync(HaltMode.AtBoundary);
        Assert.All(halts.Where(h => Vault.Contains(h.InstanceId)), h => Assert.Equal(Layers / Vault.Length, h.Layers.Length));
        foreach (string id in new[] { "a", "b", "c", "d" }) await cluster.RemoveAsync(id);
        foreach (string id in new[] { "e", "f" }) cluster.Add(id);
        var resumed = await cluster.ReconfigureAsync(1, 2, ["e", "f"], Vault, HaltMode.Now);
        // What the replicas sent before they halted is all there.
        Assert.Equal(0, cluster.Replayed);
        await cluster.ReachAsync(resumed.StartStep + 3);
        await Undisturbed.AssertAsync(cluster);
    }

    [Fact]
    public async Task A_stage_and_a_shard_lost_at_once_cost_nothing_where_every_layer_is_held_twice()
    {
        await using var cluster = await TrainingAsync(copies: 2);

        int known = cluster.Results.Keys.Max();
        await cluster.RemoveAsync("v1");
        await cluster.RemoveAsync("b");
        await cluster.RemoveAsync("d");
        foreach (string id in new[] { "e", "f" }) cluster.Add(id);
        var recovered = await cluster.ReconfigureAsync(2, 2, ["a", "e", "c", "f"], ["v0", "v2"], HaltMode.Now);
        Assert.InRange(recovered.StartStep, known - 1, int.MaxValue);
        await cluster.ReachAsync(recovered.StartStep + 3);
        await Undisturbed.AssertAsync(cluster);
    }

    [Fact]
    public async Task The_shards_of_a_vault_that_grows_follow_what_they_lack_while_training_goes_on()
    {
        await using var cluster = new WorkerCluster(Spec);
        foreach (string id in new[] { "a", "b" }) cluster.Add(id);
        cluster.Add("v0", InstanceRole.Vault);
        await cluster.ReconfigureAsync(1, 2, ["a", "b"], "v0");
        await cluster.ReachAsync(2);
        cluster.Add("v1", InstanceRole.Vault);

        await cluster.ShadowAsync("v1", new LayerRange(0, Layers));
        var grown = await cluster.ReconfigureAsync(1, 2, ["a", "b"], ["v0", "v1"]);
        Assert.All(cluster.Prepared, p => Assert.Equal(0, p.LayersReceived));
        await cluster.ReachAsync(grown.StartStep + 3);
        await cluster.RemoveAsync("b");
        cluster.Add("c");
        var recovered = await cluster.ReconfigureAsync(1, 2, ["a", "c"], ["v0", "v1"], HaltMode.Now);
        await cluster.ReachAsync(recovered.StartStep + 3);
        await Undisturbed.AssertAsync(cluster);
    }

    [Fact]
    public async Task A_checkpoint_is_whole_and_written_by_one_instance_while_all_follow()
    {
        await using var cluster = await TrainingAsync(copies: 1);
        var writer = cluster["v0"];
        using var patience = new CancellationTokenSource(Patience.Long);
        for (WorkerStatus status; (status = await writer.WorkerStatus("job")).Checkpoint is null;)
        {
            Assert.Null(status.CheckpointFailure);
            await Task.Delay(10, patience.Token);
        }

        var store = new CheckpointStore(cluster.CheckpointFolder, "job");
        int version = store.Versions()[^1];
        var model = ModelFactory.Create(Spec.Model);
        byte[][] written = LayerBytes.Of(store.Load(version, model, Spec));
        Assert.All(Vault[1..], id => Assert.Null(cluster[id].WorkerStatus("job").Result.Checkpoint));

        // Its state is that of the job at that step: from it the job would go on as it has.
        await cluster.HaltAsync(HaltMode.AtBoundary);
        using var batches = BatchSources.Open(Spec);
        using var undisturbed = new LocalTrainer(model, Spec.Training, batches);
        for (int step = 0; step < version; step++) undisturbed.Step();
        LayerBytes.AssertEqual(LayerBytes.Of(undisturbed.States), written);
    }

    [Fact]
    public async Task At_rest_the_first_shard_writes_what_all_hold_and_the_others_refuse()
    {
        await using var cluster = await TrainingAsync(copies: 1);
        await cluster.HaltAsync(HaltMode.AtBoundary);
        var rest = await cluster.ReconfigureAsync(1, 2, ["a", "b"], Vault);
        await cluster.HaltAsync(HaltMode.Now);
        int version = (await cluster["v0"].WorkerStatus("job")).Version;

        Assert.InRange(version, rest.StartStep, int.MaxValue);
        var refused = await Assert.ThrowsAsync<InvalidOperationException>(() => cluster["v1"].Checkpoint("job"));
        Assert.Equal("v1 does not write the checkpoints of job job; v0 does.", refused.Message);
        byte[][] held = await cluster.StateAsync(version);
        Assert.Equal(version, await cluster["v0"].Checkpoint("job"));
        LayerBytes.AssertEqual(held, LayerBytes.Of(new CheckpointStore(cluster.CheckpointFolder, "job").Load(version, ModelFactory.Create(Spec.Model), Spec)));
    }

    [Fact]
    public async Task A_shard_that_hangs_stops_the_others_and_all_follow_again_from_fresh_copies()
    {
        await using var cluster = new WorkerCluster(Spec) { Faults = true, HeartbeatSeconds = 1 };
        foreach (string id in new[] { "a", "b" }) cluster.Add(id);
        foreach (string id in Vault) cluster.Add(id, InstanceRole.Vault);
        await cluster["v1"].Inject(new FaultOrder(FaultPoint.VaultApply, FaultKind.Hang, Passages: 4));
        await cluster.ReconfigureAsync(1, 2, ["a", "b"], Vault);
        await cluster["v1"].Faults.Struck.WaitAsync(Patience.Long, TestContext.Current.CancellationToken);
        using var patience = new CancellationTokenSource(Patience.Long);
        foreach (string id in Vault)
        {
            while ((await cluster[id].WorkerStatus("job")) is { Phase: WorkerPhase.Running }) await Task.Delay(10, patience.Token);
        }

        Assert.Equal("applying step 3 hangs for more than 1 s", (await cluster["v1"].WorkerStatus("job")).Trouble);
        Assert.StartsWith("the shard at v1 has ended", (await cluster["v0"].WorkerStatus("job")).Trouble, StringComparison.Ordinal);
        foreach (string id in Vault) await cluster.ShadowAsync(id, new LayerRange(0, Layers)).WaitAsync(Patience.Long, TestContext.Current.CancellationToken);
        var again = await cluster.ReconfigureAsync(1, 2, ["a", "b"], Vault);
        await cluster.ReachAsync(again.StartStep + 3);
        await cluster.RemoveAsync("b");
        cluster.Add("c");
        var recovered = await cluster.ReconfigureAsync(1, 2, ["a", "c"], Vault, HaltMode.Now);
        Assert.InRange(recovered.StartStep, again.StartStep, int.MaxValue);
        await cluster.ReachAsync(recovered.StartStep + 3);
        cluster["v1"].Faults.Release();
        await Undisturbed.AssertAsync(cluster);
    }

    private static async Task<WorkerCluster> TrainingAsync(int copies)
    {
        var cluster = new WorkerCluster(Spec) { VaultCopies = copies };
        foreach (string id in new[] { "a", "b", "c", "d" }) cluster.Add(id);
        foreach (string id in Vault) cluster.Add(id, InstanceRole.Vault);
        await cluster.ReconfigureAsync(2, 2, ["a", "b", "c", "d"], Vault);
        await cluster.ReachAsync(6);
        return cluster;
    }
}
