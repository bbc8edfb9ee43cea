using Parcae.GpuWorker.Checkpoints;
using Parcae.GpuWorker.Data;
using Parcae.GpuWorker.Models;
using Parcae.GpuWorker.Numerics;
using Parcae.GpuWorker.Tests.Pipeline;
using Parcae.Grains;
using Xunit;

namespace Parcae.GpuWorker.Tests.Shadows;

public sealed class VaultCheckpointTests
{
    private static readonly JobSpec Spec = TestJobs.Small with
    {
        Training = TestJobs.Small.Training with { Steps = 12, CheckpointsKept = 2 },
    };

    [Fact]
    public async Task What_the_vault_writes_is_what_the_replicas_hold_and_training_goes_on_from_it_as_if_never_stopped()
    {
        await using var cluster = await TrainedAsync();
        var model = new Gpt(Spec.Model);
        var store = new CheckpointStore(cluster.CheckpointFolder, "job");
        Assert.Equal(12, await cluster["vault"].Checkpoint("job"));
        Assert.Equal(12, (await cluster["vault"].WorkerStatus("job")).Checkpoint);
        Assert.Equal(12, store.Versions()[^1]);
        Assert.InRange(store.Versions().Count, 1, 2);
        var states = store.Load(12, model, Spec);
        LayerBytes.AssertEqual(await cluster.StateAsync(12), LayerBytes.Of(states));

        using var text = BatchSources.Open(Spec);
        using var never = new LocalTrainer(model, Spec.Training, text);
        var expected = Enumerable.Range(0, 15).Select(_ => never.Step() with { Seconds = 0 }).ToArray();
        using var resumed = new LocalTrainer(model, Spec.Training, text, [new(0, 3), new(3, 3)], 2, states);
        Assert.Equal(expected[12..], Enumerable.Range(0, 3).Select(_ => resumed.Step() with { Seconds = 0 }));
    }

    [Fact]
    public async Task Another_vault_restores_a_checkpoint_and_refuses_a_damaged_one_before_anything_changes()
    {
        await using var cluster = await TrainedAsync();
        await cluster["vault"].Checkpoint("job");
        var file = new CheckpointStore(cluster.CheckpointFolder, "job").PathOf(12);
        var whole = await File.ReadAllBytesAsync(file, TestContext.Current.CancellationToken);
        var vault = cluster.Add("next", InstanceRole.Vault);
        Assert.Contains(12, (await vault.Halt(new HaltCommand("job", 100, HaltMode.Now, 0))).Checkpoints);

        await File.WriteAllBytesAsync(file, whole[..^1], TestContext.Current.CancellationToken);
        await Assert.ThrowsAsync<CheckpointException>(() => vault.Prepare(Restore(101)));
        Assert.Empty((await vault.Halt(new HaltCommand("job", 102, HaltMode.Now, 0))).Layers);

        await File.WriteAllBytesAsync(file, whole, TestContext.Current.CancellationToken);
        await vault.Prepare(Restore(103));
        var held = (await vault.Halt(new HaltCommand("job", 104, HaltMode.Now, 0))).Layers;
        Assert.Equal(Enumerable.Range(0, 6).Select(layer => new LayerHolding(layer, 12, false)), held);
    }

    private static PrepareCommand Restore(int generation) => new()
    {
        Plan = new GenerationPlan { JobId = "job", Generation = generation, Pipelines = 0, Depth = 0, Stages = [], Places = [], StartStep = 12 },
        Spec = Spec,
        Salt = new byte[32],
        Sources = [],
        RestoreCheckpoint = 12,
    };

    private static async Task<WorkerCluster> TrainedAsync()
    {
        var cluster = new WorkerCluster(Spec);
        foreach (string id in new[] { "a", "b" }) cluster.Add(id);
        cluster.Add("vault", InstanceRole.Vault);
        await cluster.ReconfigureAsync(1, 2, ["a", "b"], "vault");
        await cluster.ReachAsync(11);
        await cluster.HaltAsync(HaltMode.AtBoundary);
        return cluster;
    }
}
