using Parcae.GpuWorker.Models;
using Parcae.GpuWorker.Numerics;
using Parcae.Grains;
using TorchSharp;
using Xunit;
using static TorchSharp.torch;

namespace Parcae.GpuWorker.Tests.Models;

/// <summary>What holds for every family.</summary>
public sealed class ModelFamiliesTests
{
    public static TheoryData<string> Families => [.. SmallModels.Names];

    [Theory, MemberData(nameof(Families))]
    public void Every_plan_gives_the_same_bits(string name) =>
        ModelTraining.EveryPlanGivesTheSameBits(Model(name, dropout: 0.2), SmallModels.Training);

    [Theory, MemberData(nameof(Families))]
    public void Without_dropout_and_with_sgd_too(string name)
    {
        var (model, training) = (Model(name), SmallModels.Training with { Optimizer = "sgd", LearningRate = 0.05 });
        int half = model.LayerCount / 2;
        ModelTraining.Run(model, training, [half, model.LayerCount - half], 2).MustEqual(ModelTraining.Run(model, training, [model.LayerCount], 1));
    }

    [Theory, MemberData(nameof(Families))]
    public void The_loss_falls(string name) => Falls(name, "float32");

    [Theory, MemberData(nameof(Families))]
    public void The_loss_falls_in_bfloat16(string name) => Falls(name, "bfloat16");

    [Theory, MemberData(nameof(Families))]
    public void Plans_agree_in_bfloat16_too_and_not_with_float32(string name)
    {
        var (model, training) = (Model(name, dropout: 0.2), SmallModels.Training with { Precision = "bfloat16" });
        var reference = ModelTraining.Run(model, training, [model.LayerCount], 1);
        ModelTraining.Run(model, training, [.. Enumerable.Repeat(1, model.LayerCount)], 2).MustEqual(reference);
        ModelTraining.Run(model, training with { Recompute = true }, [2, model.LayerCount - 2], 3).MustEqual(reference);
        double exact = ModelTraining.Run(model, SmallModels.Training, [model.LayerCount], 1).Steps[0].Loss;
        Assert.NotEqual(exact, reference.Steps[0].Loss);
        Assert.Equal(exact, reference.Steps[0].Loss, 0.05);
    }

    [Theory, MemberData(nameof(Families))]
    public void Layers_give_what_they_say_and_descriptions_name_the_sizes(string name)
    {
        var model = Model(name);
        using var scope = NewDisposeScope();
        using var batches = new TestBatches(model.Spec, SmallModels.Training);
        var batch = batches.MicroBatch(0, 0);
        var x = batch.Inputs;
        for (int layer = 0; layer < model.LayerCount; layer++)
        {
            using var state = LayerState.Initialize(model, layer, SmallModels.Training);
            x = Passes.Evaluate(model, state, x);
            Assert.Equal([2, .. model.OutputShape(layer)], x.shape);
            Assert.Equal(ScalarType.Float32, x.dtype);
            Assert.True(x.is_contiguous());
        }

        var loss = model.Loss(x, batch.Targets);
        Assert.Equal(ScalarType.Float64, loss.dtype);
        Assert.Empty(loss.shape);
        Assert.Contains(model.Spec.TakesTokens ? "2 blocks x 16, 2 heads, sequence 8, vocabulary 24" : $"images {model.Spec.ImageSize} x {model.Spec.ImageSize}", model.Description, StringComparison.Ordinal);
    }

    [Fact]
    public void The_loss_is_the_mean_over_what_is_to_be_predicted()
    {
        using var scope = NewDisposeScope();
        var logits = tensor(new float[] { 1, 2, 3, -1, 0, 4, 2, 2, 2, 9, 0, 0 }, [2, 2, 3]);
        double loss = Losses.CrossEntropy(logits, tensor(new long[,] { { 2, -100 }, { 0, -100 } })).item<double>();
        Assert.Equal((Math.Log(Math.Exp(1 - 3) + Math.Exp(2 - 3) + 1) + Math.Log(3)) / 2, loss, 1e-7);
        logits.requires_grad_();
        var nothing = Losses.CrossEntropy(logits, full(2, 2, -100L, ScalarType.Int64));
        Assert.Equal(0, nothing.item<double>());
        Assert.Equal(0, autograd.grad([nothing], [logits])[0].abs().sum().item<float>());
    }

    [Theory]
    [InlineData("heads", "divisor of model.hidden (16)")]
    [InlineData("blocks", "at least 1")]
    [InlineData("vocabulary", "at least 2")]
    [InlineData("sequenceLength", "at least 1")]
    [InlineData("dropout", "in [0, 1)")]
    public void A_transformer_refuses_sizes_that_do_not_fit(string field, string right)
    {
        foreach (var name in new[] { "gpt", "bert" })
        {
            var spec = SmallModels.Spec(name);
            spec = field switch
            {
                "heads" => spec with { Heads = 3 },
                "blocks" => spec with { Blocks = 0 },
                "vocabulary" => spec with { Vocabulary = 1 },
                "sequenceLength" => spec with { SequenceLength = 0 },
                _ => spec with { Dropout = 1 },
            };
            var e = Assert.Throws<ArgumentException>(() => ModelFactory.Create(spec));
            Assert.StartsWith($"model.{field}: ", e.Message, StringComparison.Ordinal);
            Assert.Contains(right, e.Message, StringComparison.Ordinal);
        }
    }

    [Fact]
    public void An_unknown_family_is_refused_with_those_there_are()
    {
        var e = Assert.Throws<ArgumentException>(() => ModelFactory.Create(new ModelSpec { Family = "lstm" }));
        Assert.StartsWith("There is no model family 'lstm'; known are gpt, bert, resnet, vgg, plugin.", e.Message, StringComparison.Ordinal);
    }

    private static void Falls(string name, string precision)
    {
        var losses = ModelTraining.Losses(Model(name), SmallModels.Training with { Precision = precision }, 30);
        Assert.All(losses, loss => Assert.True(double.IsFinite(loss)));
        Assert.InRange(losses[^5..].Average(), 0, 0.75 * losses[0]);
    }

    private static IStagedModel Model(string name, double dropout = 0) => ModelFactory.Create(SmallModels.Spec(name) with { Dropout = dropout });
}
