using Parcae.GpuWorker.Checkpoints;
using Parcae.GpuWorker.Data;
using Parcae.GpuWorker.Models;
using Parcae.GpuWorker.Numerics;
using Parcae.GpuWorker.Tests.Pipeline;
using Parcae.Grains;
using Xunit;

namespace Parcae.GpuWorker.Tests.Checkpoints;

/// <summary>A job that is stopped and resumed from its checkpoint, on another plan, is the job that was never stopped.</summary>
public sealed class ResumeTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData("adamw", 0.9, "float32", true)]
    [InlineData("adamw", 0.9, "bfloat16", true)]
    [InlineData("adamw", 0.9, "float32", false)]
    [InlineData("sgd", 0.9, "float32", true)]
    [InlineData("sgd", 0.0, "bfloat16", false)]
    public void A_run_resumed_on_another_plan_equals_the_one_that_was_never_stopped(string optimizer, double momentum, string precision, bool tied)
    {
        var job = TestJobs.Small with
        {
            Model = TestJobs.Small.Model with { TiedEmbeddings = tied },
            Training = TestJobs.Small.Training with { Optimizer = optimizer, Momentum = momentum, Precision = precision, Schedule = "cosine", Steps = 9, LearningRate = 0.01 },
        };
        var model = new Gpt(job.Model);
        using var text = BatchSources.Open(job);
        using var never = new LocalTrainer(model, job.Training, text);
        var expected = Train(never, 9);

        var store = new CheckpointStore(_folder.Path, "job");
        var results = new List<StepResult>();
        (int[] Cut, int Pipelines, int Steps)[] plans = [([2, 4], 2, 4), ([6], 1, 1), ([1, 1, 1, 1, 1, 1], 3, 4)];
        foreach (var (cut, pipelines, steps) in plans)
        {
            var stages = cut.Select((count, i) => new LayerRange(cut.Take(i).Sum(), count)).ToArray();
            var loaded = store.LoadNewest(model, job);
            Assert.Equal(results.Count == 0 ? null : results.Count, loaded?.Version);
            using var trainer = new LocalTrainer(model, job.Training, text, stages, pipelines, loaded?.Contents);
            results.AddRange(Train(trainer, steps));
            store.Write(trainer.Version, model, job, trainer.States);
        }

        Assert.Equal(expected, results);
        var last = store.Load(9, model, job);
        Assert.Equal(Bytes(never.States), Bytes(last));
        foreach (var state in last) state.Dispose();
    }

    [Fact]
    public void Running_statistics_and_tied_parameters_are_stored_once_and_come_back_in_full()
    {
        var model = new Declared();
        var job = new JobSpec();
        var store = new CheckpointStore(_folder.Path, "job");
        var states = Enumerable.Range(0, 2).Select(layer => LayerState.Initialize(model, layer, job.Training)).ToArray();
        foreach (var state in states) state.Version = 5;
        states[0].Tensors[1].narrow(0, 0, 6).fill_(0.5f); // the matrix's
        states[1].Tensors[1].narrow(0, 2, 6).fill_(0.5f); // its copy's
        states[0].Parameters.narrow(0, 6, 2).fill_(3); // the statistic
        store.Write(5, model, job, states);
        using (var file = CheckpointFile.Open(store.PathOf(5)))
        {
            Assert.Equal(
                ["first.weight", "first.mean", "first_moment.first.weight", "second_moment.first.weight", "second.bias", "first_moment.second.bias", "second_moment.second.bias"],
                file.Entries.Select(e => e.Name));
        }

        var loaded = store.Load(5, model, job);
        Assert.Equal(Bytes(states), Bytes(loaded));
        foreach (var state in states.Concat(loaded)) state.Dispose();
    }

    private static StepResult[] Train(LocalTrainer trainer, int steps) => [.. Enumerable.Range(0, steps).Select(_ => trainer.Step() with { Seconds = 0 })];

    private static byte[] Bytes(IEnumerable<LayerState> states) => [.. states.SelectMany(s => s.Tensors).SelectMany(t => t.Bytes().ToArray())];

    /// <summary>A model of which only the parameters matter.</summary>
    private sealed class Declared : IStagedModel
    {
        private static readonly LayerLayout[] Layouts =
        [
            LayerLayout.Of(0, "first", new("weight", [2, 3], Initial.Normal(1), ParameterRole.Matrix), new("mean", [2], Initial.Zeros, ParameterRole.Statistic)),
            LayerLayout.Of(1, "second", new("bias", [2], Initial.Ones, ParameterRole.Vector), new("weight", [2, 3], Initial.Zeros, ParameterRole.Matrix, new TiedTo(0, 0))),
        ];

        public ModelSpec Spec { get; } = new();

        public string Description => "declared";

        public int LayerCount => 2;

        public LayerLayout Layout(int layer) => Layouts[layer];

        public long[] OutputShape(int layer) => [2];

        public double ForwardFlops(int layer) => 1;

        public long ActivationBytes(int layer) => 1;

        public TorchSharp.torch.Tensor Forward(int layer, LayerPass pass, TorchSharp.torch.Tensor input) => throw new NotSupportedException();

        public TorchSharp.torch.Tensor Loss(TorchSharp.torch.Tensor output, TorchSharp.torch.Tensor targets) => throw new NotSupportedException();
    }
}
