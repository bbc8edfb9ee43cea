using Parcae.GpuWorker.Data;
using Parcae.GpuWorker.Models;
using Parcae.GpuWorker.Numerics;
using Parcae.Grains;
using TorchSharp;
using Xunit;

namespace Parcae.GpuWorker.Tests.Numerics;

public sealed class LocalTrainerTests : IDisposable
{
    private static readonly ModelSpec Small = new() { Blocks = 3, Hidden = 32, Heads = 2, SequenceLength = 16, Dropout = 0.1 };
    private static readonly TrainingSpec Training = new() { GlobalBatch = 14, MicroBatches = 7, WarmupSteps = 4 };
    private readonly IBatchSource _text = BatchSources.Open(new JobSpec { Model = Small, Training = Training });

    public void Dispose() => _text.Dispose();

    [Fact]
    public void Any_cut_and_any_dealing_gives_the_same_bits()
    {
        var (losses, parameters) = Run([5], 1);
        Assert.Equal(12, losses.Distinct().Count());
        int[][] cuts = [[1, 4], [4, 1], [2, 3], [2, 2, 1], [1, 1, 2, 1], [1, 1, 1, 1, 1]];
        foreach (var (cut, pipelines) in cuts.Select((c, i) => (c, i % 3 + 1)).Append(([5], 2)).Append(([5], 3)))
        {
            var (otherLosses, otherParameters) = Run(cut, pipelines);
            Assert.Equal(losses, otherLosses);
            Assert.Equal(parameters, otherParameters);
        }

        (StepResult[] Losses, byte[] Parameters) Run(int[] cut, int pipelines)
        {
            var stages = cut.Select((count, i) => new LayerRange(cut.Take(i).Sum(), count)).ToArray();
            using var trainer = new LocalTrainer(new Gpt(Small), Training, _text, stages, pipelines);
            var results = Enumerable.Range(0, 12).Select(_ => trainer.Step() with { Seconds = 0 }).ToArray();
            return (results, [.. trainer.States.SelectMany(s => s.Tensors).SelectMany(t => t.Bytes().ToArray())]);
        }
    }

    [Fact]
    public void The_loss_falls_on_the_default_text()
    {
        var spec = new JobSpec { Model = new ModelSpec { Blocks = 2, Hidden = 64, SequenceLength = 64 } };
        using var text = BatchSources.Open(spec);
        using var trainer = new LocalTrainer(new Gpt(spec.Model), spec.Training, text);
        double first = trainer.Step().Loss;
        Assert.InRange(first, Math.Log(256) - 0.3, Math.Log(256) + 0.3); // it knows nothing yet
        double last = first;
        while (trainer.Version < 60) last = trainer.Step().Loss;
        Assert.InRange(last, 1, first - 2);
    }

    [Fact]
    public void No_tensor_is_left_behind_by_a_step()
    {
        using var trainer = new LocalTrainer(new Gpt(Small), Training, _text, [new(0, 2), new(2, 3)], 2);
        for (int i = 0; i < 3; i++) trainer.Step();
        long live = DisposeScopeManager.Statistics.TensorStatistics.ThreadTotalLiveCount;
        for (int i = 0; i < 20; i++) trainer.Step();
        Assert.Equal(live, DisposeScopeManager.Statistics.TensorStatistics.ThreadTotalLiveCount);
    }
}
