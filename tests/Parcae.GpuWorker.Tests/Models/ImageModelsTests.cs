using Parcae.GpuWorker.Models;
using Parcae.GpuWorker.Numerics;
using Parcae.Grains;
using TorchSharp;
using Xunit;
using static TorchSharp.torch;

namespace Parcae.GpuWorker.Tests.Models;

public sealed class ImageModelsTests
{
    [Fact]
    public void Running_statistics_are_the_exponential_means_over_micro_batches_in_their_order()
    {
        var (spec, training) = (SmallModels.Spec("resnet"), SmallModels.Training);
        using var scope = NewDisposeScope();
        using var batches = new TestBatches(spec, training);
        using var trainer = new LocalTrainer(ModelFactory.Create(spec), training, batches, [new(0, 3), new(3, 4)], 2);
        var layout = trainer.States[0].Layout;
        var kernel = layout.Views(trainer.States[0].Parameters)[0].clone();
        trainer.Step();
        Tensor mean = zeros(4), variance = ones(4);
        for (int i = 0; i < training.MicroBatches; i++)
        {
            var x = nn.functional.conv2d(batches.MicroBatch(0, i).Inputs, kernel, strides: [1, 1], padding: [1, 1]);
            mean = mean * 0.9 + x.mean([0, 2, 3]) * 0.1;
            variance = variance * 0.9 + x.var([0, 2, 3], unbiased: true) * 0.1;
        }

        var views = layout.Views(trainer.States[0].Parameters);
        Assert.Equal(["stem.norm.mean", "stem.norm.variance"], layout.Parameters.Skip(3).Select(p => p.Name));
        Assert.Equal(0, (views[3] - mean).abs().max().item<float>(), 1e-6);
        Assert.Equal(0, (views[4] - variance).abs().max().item<float>(), 1e-6);
    }

    [Fact]
    public void A_bottleneck_block_begins_as_its_shortcut()
    {
        var model = ModelFactory.Create(SmallModels.Spec("resnet"));
        using var scope = NewDisposeScope();
        using var state = LayerState.Initialize(model, 2, SmallModels.Training); // the second block of the first group: nothing is projected
        var x = randn(2, 16, 16, 16).relu();
        Assert.Equal(x.Bytes().ToArray(), Passes.Evaluate(model, state, x).Bytes().ToArray());
    }

    [Fact]
    public void Convolutions_begin_as_He_et_al_say()
    {
        using var scope = NewDisposeScope();
        Assert.Equal(Math.Sqrt(2.0 / (9 * 64)), Spread(new ResNet(new ModelSpec()), 1, "spatial.weight"), 0.001);
        Assert.Equal(Math.Sqrt(2.0 / (9 * 64)), Spread(new Vgg(new ModelSpec()), 1, "weight"), 0.001);

        static double Spread(IStagedModel model, int layer, string name)
        {
            using var state = LayerState.Initialize(model, layer, SmallModels.Training);
            int at = state.Layout.Parameters.ToList().FindIndex(p => p.Name == name);
            return state.Layout.Views(state.Parameters)[at].std().item<float>();
        }
    }

    [Theory]
    [InlineData(32, 1, 1)]
    [InlineData(100, 3, 3)]
    [InlineData(224, 7, 7)]
    [InlineData(288, 9, 7)] // averaged down
    public void Vgg_takes_any_image_that_five_pools_leave_something_of(int size, int map, int taken)
    {
        var model = new Vgg(new ModelSpec { Family = "vgg", Width = 1, Hidden = 4, Channels = 1, ImageSize = size });
        Assert.Equal([8, map, map], model.OutputShape(15));
        Assert.Equal([4, 8L * taken * taken], model.Layout(16).Parameters[0].Shape);
        using var scope = NewDisposeScope();
        var x = ones(2, 1, size, size);
        for (int layer = 0; layer < model.LayerCount; layer++)
        {
            using var state = LayerState.Initialize(model, layer, SmallModels.Training);
            x = Passes.Evaluate(model, state, x);
            Assert.Equal([2, .. model.OutputShape(layer)], x.shape);
        }
    }

    [Fact]
    public void Images_that_vanish_or_sizes_that_make_no_sense_are_refused()
    {
        Refused(() => new Vgg(new ModelSpec { ImageSize = 31 }), "model.imageSize: 31 is not valid; it must be at least 32: five pools halve an image, and nothing would be left of a smaller one.");
        Refused(() => new Vgg(new ModelSpec { Hidden = 0 }), "model.hidden: 0 is not valid; it must be at least 1.");
        Refused(() => new ResNet(new ModelSpec { ImageSize = 7 }), "model.imageSize: 7 is not valid; it must be at least 8.");
        Refused(() => new ResNet(new ModelSpec { GroupBlocks = [3, 4, 6] }), "model.groupBlocks: 3, 4, 6 is not valid; it must be four numbers of at least 1.");
        Refused(() => new ResNet(new ModelSpec { Width = 0 }), "model.width: 0 is not valid; it must be at least 1.");
        Refused(() => new Vgg(new ModelSpec { Classes = 1 }), "model.classes: 1 is not valid; it must be at least 2.");
        Refused(() => new Vgg(new ModelSpec { Channels = 0 }), "model.channels: 0 is not valid; it must be at least 1.");

        static void Refused(Func<object> build, string message) => Assert.Equal(message, Assert.Throws<ArgumentException>(build).Message);
    }

    [Fact]
    public void A_norm_over_a_single_value_is_refused_instead_of_giving_nothing_finite()
    {
        // 8 pixels are halved to 1; and one image a micro-batch.
        var model = ModelFactory.Create(new ModelSpec { Family = "resnet", GroupBlocks = [1, 1, 1, 1], Width = 2, ImageSize = 8 });
        var e = Assert.Throws<ArgumentException>(() => ModelTraining.Losses(model, SmallModels.Training with { GlobalBatch = 5 }, 1));
        Assert.StartsWith("groups.3.0: batch normalisation of [1, 16, 1, 1] has one value per channel", e.Message, StringComparison.Ordinal);
    }
}
