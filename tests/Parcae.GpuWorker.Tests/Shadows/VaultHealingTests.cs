using Parcae.GpuWorker.Models;
using Parcae.GpuWorker.Tests.Pipeline;
using Parcae.Grains;
using Xunit;

namespace Parcae.GpuWorker.Tests.Shadows;

/// <summary>A vault whose thread hangs in the middle of a step goes on by itself: nobody gives it up, and its process is not started again.</summary>
public sealed class VaultHealingTests
{
    private static readonly JobSpec Spec = TestJobs.Small;
    private static readonly LayerRange All = new(0, ModelFactory.Create(Spec.Model).LayerCount);

    [Fact]
    public async Task It_gives_its_copy_up_answers_from_its_checkpoints_and_follows_from_a_fresh_copy()
    {
        await using var cluster = await HungAsync();

        // While it trains, as the job's grain has a vault attached that does not follow.
        await cluster.ShadowAsync("vault", All).WaitAsync(Patience.Long, TestContext.Current.CancellationToken);
        var again = await cluster.ReconfigureAsync(1, 2, ["a", "b"], "vault");
        Assert.All(cluster.Prepared, p => Assert.Equal(0, p.LayersReceived));
        await cluster.ReachAsync(again.StartStep + 3);

        // Its copy is as good as any.
        await cluster.RemoveAsync("b");
        cluster.Add("c");
        var recovered = await cluster.ReconfigureAsync(1, 2, ["a", "c"], "vault", HaltMode.Now);
        Assert.True(recovered.StartStep >= again.StartStep);
        await cluster.ReachAsync(recovered.StartStep + 3);
        cluster["vault"].Faults.Release();
        await Undisturbed.AssertAsync(cluster);
    }

    [Fact]
    public async Task A_halt_is_answered_once_the_thread_is_given_up()
    {
        await using var cluster = await HungAsync();

        var halts = await cluster.HaltAsync(HaltMode.Now).WaitAsync(Patience.Long, TestContext.Current.CancellationToken);

        var vault = halts.Single(h => h.InstanceId == "vault");
        Assert.Empty(vault.Layers);
        Assert.Equal(5, Assert.Single(vault.Checkpoints));
        Assert.Equal(Enumerable.Range(0, 8), vault.Results.Select(r => r.Step));
        // The hung thread comes back to a job that has gone on.
        var next = await cluster.ReconfigureAsync(1, 2, ["a", "b"], "vault", HaltMode.Now);
        cluster["vault"].Faults.Release();
        await cluster.ReachAsync(next.StartStep + 3);
        await Undisturbed.AssertAsync(cluster);
    }

    /// <summary>Hangs in step 8, when the checkpoint of step 5 is written.</summary>
    private static async Task<WorkerCluster> HungAsync()
    {
        var cluster = new WorkerCluster(Spec) { Faults = true };
        foreach (string id in new[] { "a", "b" }) cluster.Add(id);
        var vault = cluster.Add("vault", InstanceRole.Vault, stallSeconds: 1.5);
        await vault.Inject(new FaultOrder(FaultPoint.VaultApply, FaultKind.Hang, Passages: 9));
        await cluster.ReconfigureAsync(1, 2, ["a", "b"], "vault");
        await vault.Faults.Struck.WaitAsync(Patience.Long);
        return cluster;
    }
}
