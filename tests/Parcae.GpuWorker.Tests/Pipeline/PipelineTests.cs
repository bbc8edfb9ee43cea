using Parcae.GpuWorker.Data;
using Parcae.GpuWorker.Models;
using Parcae.GpuWorker.Numerics;
using Parcae.GpuWorker.Service;
using Parcae.Grains;
using Xunit;

namespace Parcae.GpuWorker.Tests.Pipeline;

public sealed class PipelineTests
{
    private const int Steps = 12;

    private static readonly TrainingSpec Plain = TestJobs.Small.Training with { Steps = Steps, EvaluateEvery = 5, EvaluationBatches = 5 };

    /// <summary>What a job can ask for that must not depend on the plan.</summary>
    public static TheoryData<string, int, int> Plans()
    {
        var plans = new TheoryData<string, int, int>();
        foreach (var (pipelines, depth) in new[] { (1, 1), (2, 1), (1, 2), (2, 2), (1, 3), (3, 2), (1, 6), (4, 1) }) plans.Add("plain", pipelines, depth);
        foreach (string variant in new[] { "1f1b", "recompute", "sgd", "cosine, untied" }) plans.Add(variant, 2, 3);
        plans.Add("bfloat16", 2, 2);
        plans.Add("bert", 2, 2);
        plans.Add("resnet", 2, 2);
        plans.Add("vgg", 3, 2);
        return plans;
    }

    [Theory]
    [MemberData(nameof(Plans))]
    public Task Workers_have_the_bits_of_a_single_process(string variant, int pipelines, int depth) => TrainAsync(variant, pipelines, depth, "cpu");

    /// <summary>Trains a variant along a plan and compares every step and every byte with a single process on the same device.</summary>
    internal static async Task TrainAsync(string variant, int pipelines, int depth, string device)
    {
        var spec = Variant(variant);
        await using var cluster = new WorkerCluster(spec) { Device = device };
        string[] ids = [.. Enumerable.Range(0, pipelines * depth).Select(i => $"i-{i}")];
        foreach (string id in ids) cluster.Add(id);
        await cluster.ReconfigureAsync(pipelines, depth, ids);
        await cluster.ReachAsync(Steps - 1);
        var layers = await cluster.StateAsync(Steps);

        using var batches = BatchSources.Open(spec);
        using var alone = new LocalTrainer(ModelFactory.Create(spec.Model), spec.Training, batches, device: ComputeDevice.Choose(device));
        var expected = Enumerable.Range(0, Steps).Select(_ => alone.Step() with { Seconds = 0 }).ToArray();
        Assert.Equal(expected, cluster.Results.Values.OrderBy(r => r.Step).Select(r => r with { Seconds = 0 }));
        LayerBytes.AssertEqual(LayerBytes.Of(alone.States), layers);
        Assert.True(expected[^1].Loss < expected[0].Loss - 0.1, $"The loss went from {expected[0].Loss} to {expected[^1].Loss}.");
        Assert.Equal([0, 5, 10], expected.Where(r => r.ValidationLoss is not null).Select(r => r.Step));
    }

    internal static JobSpec Variant(string variant)
    {
        var spec = TestJobs.Small with { Training = Plain, Data = TestJobs.Small.Data with { ValidationFraction = 0.1 } };
        return variant switch
        {
            "plain" => spec,
            "1f1b" => spec with { Training = Plain with { PipelineSchedule = "1f1b" } },
            "recompute" => spec with { Training = Plain with { Recompute = true } },
            "sgd" => spec with { Training = Plain with { Optimizer = "sgd", LearningRate = 0.3 } },
            "bfloat16" => spec with { Training = Plain with { Precision = "bfloat16" } },
            "bert" => spec with { Model = spec.Model with { Family = "bert", Vocabulary = 257 } },
            "resnet" => Images(Plain with { Optimizer = "sgd", LearningRate = 0.05 }, new ModelSpec { Family = "resnet", ImageSize = 16, Width = 4, GroupBlocks = [1, 1, 1, 1], Classes = 4 }),
            "resnet, large images" => Images(Plain with { Optimizer = "sgd", LearningRate = 0.05 }, new ModelSpec { Family = "resnet", ImageSize = 72, Width = 4, GroupBlocks = [1, 1, 1, 1], Classes = 4 }),
            "vgg" => Images(Plain, new ModelSpec { Family = "vgg", ImageSize = 32, Width = 4, Hidden = 32, Classes = 4, Dropout = 0.1 }),
            "cosine, untied" => spec with { Training = Plain with { Schedule = "cosine" }, Model = spec.Model with { TiedEmbeddings = false } },
            _ => throw new ArgumentOutOfRangeException(nameof(variant), variant, "There is no such variant."),
        };
    }

    private static JobSpec Images(TrainingSpec training, ModelSpec model) => new()
    {
        Model = model,
        Data = new DataSpec { Kind = "synthetic", SyntheticSamples = 256, ValidationFraction = 0.1 },
        Training = training with { GlobalBatch = 28 },
    };
}
