using Parcae.GpuWorker.Models;
using Parcae.GpuWorker.Tests.Pipeline;
using Parcae.Grains;
using Xunit;

namespace Parcae.GpuWorker.Tests.Faults;

/// <summary>Every kind of fault at every point, in a job of 2 x 2 with a vault and a spare: training goes on, or is brought back as the job's grain would, and neither loss nor state is the worse for it.</summary>
public sealed class FaultPointTests
{
    public static TheoryData<FaultPoint, FaultKind> All => [.. Enum.GetValues<FaultPoint>().SelectMany(p => Enum.GetValues<FaultKind>().Select(k => (p, k)))];

    [Theory]
    [MemberData(nameof(All))]
    public async Task Nothing_is_lost_and_nothing_counts_twice(FaultPoint point, FaultKind kind)
    {
        await using var cluster = new WorkerCluster(TestJobs.Small) { Faults = true, HeartbeatSeconds = 0.8 };
        foreach (string id in new[] { "a", "b", "c", "d", "spare" }) cluster.Add(id);
        cluster.Add("vault", InstanceRole.Vault);
        string victim = point switch { FaultPoint.VaultApply => "vault", FaultPoint.MidTransfer => "a", _ => "d" };
        await cluster.ReconfigureAsync(2, 2, ["a", "b", "c", "d"], "vault");
        await cluster.ReachAsync(3);
        var healing = new Healing(cluster, victim, kind);

        var host = cluster[victim];
        RidingOut.MakeKillable(host);
        await host.Inject(new FaultOrder(point, kind, Passages: 2));
        var work = point switch
        {
            FaultPoint.MidTransfer => cluster.ShadowAsync("spare", new LayerRange(0, ModelFactory.Create(cluster.Spec.Model).LayerCount)),
            // Twice, as the second passage is the one.
            FaultPoint.MidSwitch => SwitchTwiceAsync(cluster),
            _ => Task.CompletedTask,
        };
        await host.Faults.Struck.WaitAsync(Patience.Long, TestContext.Current.CancellationToken);
        Assert.Equal(1, (await host.WorkerStatus(WorkerCluster.JobId)).FaultsStruck);

        await healing.RideOutAsync(work);
        // A thread that comes back after all belongs to a generation that is over.
        host.Faults.Release();
        await healing.RideOutAsync(Task.CompletedTask);
        await Undisturbed.AssertAsync(cluster);
    }

    [Theory]
    [InlineData(FaultPoint.BeforeForward)]
    [InlineData(FaultPoint.AfterNormBeforeStep)]
    [InlineData(FaultPoint.AfterStepBeforeReport)]
    public async Task Where_no_peer_waits_for_it_a_replica_that_hangs_says_so_itself(FaultPoint point)
    {
        await using var cluster = new WorkerCluster(TestJobs.Small) { Faults = true, HeartbeatSeconds = 1 };
        foreach (string id in new[] { "a", "b" }) cluster.Add(id);
        cluster.Add("vault", InstanceRole.Vault);
        await cluster.ReconfigureAsync(1, 1, ["a"], "vault");
        await cluster.ReachAsync(3);
        var host = cluster["a"];

        await host.Inject(new FaultOrder(point, FaultKind.Hang));
        var broken = await cluster.BrokenAsync();

        Assert.Equal(new BrokenReport("a", 1, "a", false, "training has not got on for 1 s"), broken);
        cluster.Forsake("a");
        await cluster.ReconfigureAsync(1, 1, ["b"], "vault", HaltMode.Now);
        host.Faults.Release();
        await cluster.ReachAsync(cluster.Plan!.StartStep + 5);
        await Undisturbed.AssertAsync(cluster);
    }

    [Fact]
    public async Task Where_they_are_not_switched_on_faults_are_refused()
    {
        await using var cluster = new WorkerCluster(TestJobs.Small);
        var worker = cluster.Add("a");

        var refused = await Assert.ThrowsAsync<InvalidOperationException>(() => worker.Inject(new FaultOrder(FaultPoint.BeforeForward, FaultKind.Kill)));

        Assert.Equal("a takes no faults; start it with --faults true where that is wanted.", refused.Message);
    }

    [Fact]
    public async Task An_order_that_is_taken_back_does_not_strike()
    {
        await using var cluster = new WorkerCluster(TestJobs.Small) { Faults = true };
        foreach (string id in new[] { "a", "b" }) cluster.Add(id);
        await cluster.ReconfigureAsync(1, 2, ["a", "b"]);
        await cluster["a"].Inject(new FaultOrder(FaultPoint.MidSwitch, FaultKind.CutConnection));

        await cluster["a"].Inject(null);
        await cluster.ReconfigureAsync(1, 2, ["a", "b"]);
        await cluster.ReachAsync(3);

        Assert.Equal(0, (await cluster["a"].WorkerStatus(WorkerCluster.JobId)).FaultsStruck);
        Assert.Empty(cluster.Broken);
    }

    private static async Task SwitchTwiceAsync(WorkerCluster cluster)
    {
        await cluster.ReconfigureAsync(2, 2, ["a", "b", "c", "d"], "vault");
        await cluster.ReconfigureAsync(2, 2, ["a", "b", "c", "d"], "vault");
    }
}
