using Parcae.GpuWorker.Models;
using Parcae.GpuWorker.Numerics;
using Parcae.Grains;
using Xunit;
using static TorchSharp.torch;

namespace Parcae.GpuWorker.Tests.Models.Plugins;

/// <summary>examples/OwnModel, as it was built, loaded as a worker loads it.</summary>
public sealed class OwnModelTests
{
    private static readonly ModelSpec Spec = new()
    {
        Family = "plugin",
        Assembly = Library,
        Blocks = 3,
        Hidden = 16,
        SequenceLength = 8,
        Vocabulary = 24,
        Settings = new() { ["kernel"] = "3" },
    };

    /// <summary>Beside this project's output, in the same configuration.</summary>
    public static string Library
    {
        get
        {
            var output = new DirectoryInfo(AppContext.BaseDirectory);
            return Path.Combine(output.Parent!.Parent!.FullName, "OwnModel", output.Name, "OwnModel.dll");
        }
    }

    [Fact]
    public void It_brings_nothing_that_the_worker_has()
    {
        var files = Directory.GetFiles(Path.GetDirectoryName(Library)!).Select(Path.GetFileName).Order(StringComparer.Ordinal);
        Assert.Equal(["OwnModel.deps.json", "OwnModel.dll", "OwnModel.pdb", "OwnModel.runtimeconfig.json"], files);
    }

    [Fact]
    public void It_is_found_without_its_name_and_reads_its_settings()
    {
        var model = ModelFactory.Create(Spec);
        Assert.Equal("OwnModel.GatedConvolutions", model.GetType().FullName);
        Assert.Equal("gated convolutions, 3 blocks x 16, kernel 3, sequence 8, vocabulary 24", model.Description);
        var e = Assert.Throws<ArgumentException>(() => ModelFactory.Create(Spec with { Settings = new() { ["kernel"] = "wide" } }));
        Assert.Contains("model.settings.kernel: wide is not valid; it must be a number from 1 to model.sequenceLength (8).", e.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("float32")]
    [InlineData("bfloat16")]
    public void Its_loss_falls(string precision)
    {
        var losses = ModelTraining.Losses(ModelFactory.Create(Spec), new TrainingSpec { GlobalBatch = 10, MicroBatches = 5, WarmupSteps = 1, LearningRate = 0.01, Precision = precision }, 40);
        Assert.InRange(losses[^5..].Average(), 0, 0.75 * losses[0]);
    }

    [Fact]
    public void Every_plan_gives_the_same_bits() => ModelTraining.EveryPlanGivesTheSameBits(ModelFactory.Create(Spec with { Dropout = 0.2 }), SmallModels.Training);

    [Fact]
    public void A_token_does_not_see_those_after_it()
    {
        using var scope = NewDisposeScope();
        var model = ModelFactory.Create(Spec);
        var states = Enumerable.Range(0, model.LayerCount).Select(layer => LayerState.Initialize(model, layer, SmallModels.Training)).ToList();
        float[] Fourth(params long[] tokens) => [.. states.Aggregate(tensor(tokens, [1, 8]), (x, s) => Passes.Evaluate(model, s, x))[0, 3].data<float>()];

        Assert.Equal(Fourth(1, 2, 3, 4, 5, 6, 7, 8), Fourth(1, 2, 3, 4, 9, 9, 9, 9));
        Assert.NotEqual(Fourth(1, 2, 3, 4, 5, 6, 7, 8), Fourth(1, 2, 9, 4, 5, 6, 7, 8));
        states.ForEach(s => s.Dispose());
    }
}
