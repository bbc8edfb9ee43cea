using Parcae.GpuWorker.Data;
using Parcae.GpuWorker.Models;
using Parcae.GpuWorker.Numerics;
using Parcae.GpuWorker.Service;
using Parcae.GpuWorker.Tests.Pipeline;
using Parcae.GpuWorker.Tests.Security;
using Parcae.Grains;
using Xunit;

namespace Parcae.GpuWorker.Tests.Gpu;

/// <summary>Workers that share one GPU, in one process, beside a single trainer on it.</summary>
[Collection(AloneCollection.Name)]
public sealed class GpuTrainingTests
{
    private const string Cuda = "cuda";
    private static readonly JobSpec Spec = TestJobs.Small;

    public static TheoryData<string, int, int> Plans()
    {
        var plans = PipelineTests.Plans();
        plans.Add("resnet, large images", 1, 2);
        return plans;
    }

    [Theory(Skip = Gpu.Missing, SkipUnless = nameof(Gpu.Exists), SkipType = typeof(Gpu))]
    [MemberData(nameof(Plans))]
    public Task Workers_have_the_bits_of_a_single_process(string variant, int pipelines, int depth) => PipelineTests.TrainAsync(variant, pipelines, depth, Cuda);

    [Theory(Skip = Gpu.Missing, SkipUnless = nameof(Gpu.Exists), SkipType = typeof(Gpu))]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Joins_leaves_and_depth_changes_leave_the_loss_where_it_was(bool tls)
    {
        await using var cluster = new WorkerCluster(Spec) { Device = Cuda, Tls = tls ? TestAuthority.Shared.Member() : null };
        foreach (string id in new[] { "a", "b" }) cluster.Add(id);
        await cluster.ReconfigureAsync(1, 2, ["a", "b"]);
        await cluster.ReachAsync(5);
        foreach (string id in new[] { "c", "d", "e", "f" }) cluster.Add(id);
        foreach (var (pipelines, depth, instances) in new (int, int, string[])[] { (2, 2, ["a", "b", "c", "d"]), (1, 3, ["c", "a", "d"]), (3, 2, ["f", "e", "d", "c", "b", "a"]), (2, 1, ["b", "e"]) })
        {
            var plan = await cluster.ReconfigureAsync(pipelines, depth, instances);
            await cluster.ReachAsync(plan.StartStep + 4);
        }

        for (int i = 0; i < 4; i++)
        {
            await cluster.ReachAsync(cluster.Results.Keys.Max() + 3);
            await cluster.ReconfigureAsync(2, 2, ["d", "b", "a", "c"], mode: HaltMode.Now);
        }

        await Undisturbed.AssertAsync(cluster);
    }

    [Fact(Skip = Gpu.Missing, SkipUnless = nameof(Gpu.Exists), SkipType = typeof(Gpu))]
    public async Task A_shadow_on_the_gpu_has_the_same_bits_and_nothing_is_left_to_fetch()
    {
        await using var cluster = new WorkerCluster(Spec) { Device = Cuda };
        foreach (string id in new[] { "a", "b", "c", "d" }) cluster.Add(id);
        await cluster.ReconfigureAsync(1, 2, ["a", "b"]);
        await cluster.ReachAsync(2);

        await cluster.ShadowAsync("c", cluster.Plan!.Stages[0]);
        await cluster.ShadowAsync("d", new LayerRange(0, ModelFactory.Create(Spec.Model).LayerCount));
        await cluster.ReachAsync(cluster.Results.Keys.Max() + 5);
        var joined = await cluster.ReconfigureAsync(2, 2, ["d", "c", "a", "b"]); // those who computed follow those who shadowed

        Assert.Equal(1, cluster.Prepared.Count(p => p.LayersReceived > 0)); // c followed the first stage and computes the second one now
        await cluster.ReachAsync(joined.StartStep + 3);
        await Undisturbed.AssertAsync(cluster);
    }

    [Theory(Skip = Gpu.Missing, SkipUnless = nameof(Gpu.Exists), SkipType = typeof(Gpu))]
    [InlineData("adamw")]
    [InlineData("sgd")]
    public async Task A_vault_in_host_memory_has_the_bits_of_the_gpu(string optimizer)
    {
        await using var cluster = new WorkerCluster(Spec with { Training = Spec.Training with { Optimizer = optimizer, LearningRate = optimizer == "sgd" ? 0.1 : Spec.Training.LearningRate } }) { Device = Cuda };
        foreach (string id in new[] { "a", "b", "c" }) cluster.Add(id);
        cluster.Add("vault", InstanceRole.Vault);
        await cluster.ReconfigureAsync(1, 2, ["a", "b"], "vault");
        await cluster.ReachAsync(9);

        // What b held comes from the vault alone, which applied every step on the CPU.
        await cluster.RemoveAsync("b");
        var recovered = await cluster.ReconfigureAsync(1, 2, ["a", "c"], "vault", HaltMode.Now);

        Assert.True(recovered.StartStep >= 8, $"The job went back to step {recovered.StartStep}.");
        await cluster.ReachAsync(recovered.StartStep + 3);
        await Undisturbed.AssertAsync(cluster);
    }

    [Theory(Skip = Gpu.Missing, SkipUnless = nameof(Gpu.Exists), SkipType = typeof(Gpu))]
    [InlineData("no dropout")]
    [InlineData("sgd, no dropout")]
    public void Losses_are_close_to_the_cpu_s(string variant)
    {
        var training = variant == "no dropout" ? Spec.Training : Spec.Training with { Optimizer = "sgd", LearningRate = 0.3 };
        var spec = Spec with { Model = Spec.Model with { Dropout = 0 }, Training = training };
        var (cpu, gpu) = (Losses(spec, "cpu"), Losses(spec, Cuda));
        double[] differences = [.. cpu.Zip(gpu, (a, b) => Math.Abs(a - b) / a)];
        TestContext.Current.TestOutputHelper!.WriteLine($"{variant}: relative difference of the loss, step by step: {string.Join(' ', differences.Select(d => d.ToString("E1")))}");
        Assert.InRange(differences[0], 0, 1e-6);
        Assert.InRange(differences.Max(), 0, 1e-3);
    }

    private static double[] Losses(JobSpec spec, string device)
    {
        using var batches = BatchSources.Open(spec);
        using var trainer = new LocalTrainer(ModelFactory.Create(spec.Model), spec.Training, batches, device: ComputeDevice.Choose(device));
        return [.. Enumerable.Range(0, 30).Select(_ => trainer.Step().Loss)];
    }
}
