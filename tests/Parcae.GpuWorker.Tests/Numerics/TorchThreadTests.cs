using Parcae.GpuWorker.Data;
using Parcae.GpuWorker.Models;
using Parcae.GpuWorker.Numerics;
using Parcae.Grains;
using Xunit;
using static TorchSharp.torch;

namespace Parcae.GpuWorker.Tests.Numerics;

[Collection(AloneCollection.Name)]
public sealed class TorchThreadTests
{
    // Large enough that Torch and its matrix products deal the work to both threads.
    private static readonly ModelSpec Model = new() { Blocks = 2, Hidden = 128, Heads = 4, SequenceLength = 64, Dropout = 0.1 };
    private static readonly TrainingSpec Training = new() { GlobalBatch = 12, MicroBatches = 3, WarmupSteps = 2 };

    [Fact]
    public void With_two_threads_too_any_cut_and_any_dealing_gives_the_same_bits()
    {
        int usual = get_num_threads();
        try
        {
            set_num_threads(2);
            // Threads that were there before keep their own number: training gets a new one, as in a worker.
            var whole = OnNewThread(() => Run([4], 1));
            foreach (var (cut, pipelines) in new (int[], int)[] { ([4], 1), ([2, 2], 1), ([1, 2, 1], 2) })
            {
                var other = OnNewThread(() => Run(cut, pipelines));
                Assert.Equal(whole.Losses, other.Losses);
                Assert.Equal(whole.Parameters, other.Parameters);
            }
        }
        finally
        {
            set_num_threads(usual);
        }
    }

    [Theory]
    [InlineData("adamw")]
    [InlineData("sgd")]
    public void Norm_and_optimizer_give_the_same_bits_with_one_thread_and_with_two(string optimizer)
    {
        // Several blocks and a rest that no register's width divides.
        var layout = LayerLayout.Of(0, "layer", new ParameterDeclaration("weight", [200_003], Initial.Zeros, ParameterRole.Matrix), new ParameterDeclaration("bias", [70_001], Initial.Zeros, ParameterRole.Vector));
        var training = Training with { Optimizer = optimizer };
        using var scope = NewDisposeScope();
        using var generator = new Generator(1, CPU);
        Tensor parameters = empty(layout.Length).normal_(0, 1, generator), gradient = empty(layout.Length).normal_(0, 1, generator);
        int usual = get_num_threads();
        try
        {
            var (one, two) = (Updated(1), Updated(2));
            Assert.Equal(one.Squares, two.Squares);
            Assert.Equal(one.Bytes, two.Bytes);
        }
        finally
        {
            set_num_threads(usual);
        }

        (double Squares, byte[] Bytes) Updated(int threads)
        {
            set_num_threads(threads);
            using var state = LayerState.Allocate(layout, 3, training);
            foreach (var tensor in state.Tensors) tensor.copy_(parameters).abs_();
            Optimizer.Apply(state, gradient, 2, training);
            return (Norms.SumOfSquares(layout, gradient, 3), [.. state.Tensors.SelectMany(t => t.Bytes().ToArray())]);
        }
    }

    private static (double[] Losses, byte[] Parameters) Run(int[] cut, int pipelines)
    {
        Assert.Equal(2, get_num_threads());
        var stages = cut.Select((count, i) => new LayerRange(cut.Take(i).Sum(), count)).ToArray();
        using var text = BatchSources.Open(new JobSpec { Model = Model, Training = Training });
        using var trainer = new LocalTrainer(new Gpt(Model), Training, text, stages, pipelines);
        double[] losses = [.. Enumerable.Range(0, 2).SelectMany(_ =>
        {
            var result = trainer.Step();
            return new[] { result.Loss, result.GradientNorm };
        })];
        return (losses, [.. trainer.States.SelectMany(s => s.Tensors).SelectMany(t => t.Bytes().ToArray())]);
    }

    private static T OnNewThread<T>(Func<T> work)
    {
        var done = new TaskCompletionSource<T>();
        var thread = new Thread(() =>
        {
            try
            {
                done.SetResult(work());
            }
            catch (Exception e)
            {
                done.SetException(e);
            }
        });
        thread.Start();
        thread.Join();
        return done.Task.GetAwaiter().GetResult();
    }
}
