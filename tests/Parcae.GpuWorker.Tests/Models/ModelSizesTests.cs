using Parcae.GpuWorker.Models;
using Parcae.Grains;
using Xunit;

namespace Parcae.GpuWorker.Tests.Models;

/// <summary>Sizes and costs of well-known models against published numbers. Layouts only: no tensors are made.</summary>
public sealed class ModelSizesTests
{
    // GPT-2, ResNet and VGG: the published implementations' counts. gpt-6.7b and bert-large by formula, see below.
    [Theory]
    [InlineData("gpt2", 124_439_808)]
    [InlineData("gpt2-medium", 354_823_168)]
    [InlineData("gpt2-large", 774_030_080)]
    [InlineData("gpt2-xl", 1_557_611_200)]
    [InlineData("resnet50", 25_557_032)]
    [InlineData("resnet152", 60_192_808)]
    [InlineData("vgg19", 143_667_240)]
    public void Presets_have_as_many_parameters_as_published(string preset, long parameters) =>
        Assert.Equal(parameters, Trained(ModelFactory.Create(ModelPresets.Get(preset))));

    [Fact]
    public void Transformers_have_as_many_parameters_as_their_matrices_add_up_to()
    {
        // Two tables; 12 h^2 + 13 h per block; the final norm.
        long h = 4096, v = 50257;
        Assert.Equal((v + 2048) * h + 32 * (12 * h * h + 13 * h) + 2 * h, Trained(ModelFactory.Create(ModelPresets.Get("gpt-6.7b"))));
        // Three tables and a norm; the blocks; the head's hidden layer, norm and bias. Published as "340M", with a pooler and next-sentence head that this model has not.
        (h, v) = (1024, 30522);
        long bert = (v + 512 + 2) * h + 2 * h + 24 * (12 * h * h + 13 * h) + (h * h + h) + 2 * h + v;
        Assert.Equal(335_174_458, bert);
        Assert.Equal(bert, Trained(ModelFactory.Create(ModelPresets.Get("bert-large"))));
    }

    // Multiplications and additions of one image, in units of 10^9, as published with the same implementations; they count one of each as one.
    [Theory]
    [InlineData("resnet50", 4.09)]
    [InlineData("resnet152", 11.51)]
    [InlineData("vgg19", 19.63)]
    public void Convolutional_networks_cost_as_much_as_published(string preset, double published)
    {
        var model = ModelFactory.Create(ModelPresets.Get(preset));
        double flops = Enumerable.Range(0, model.LayerCount).Sum(model.ForwardFlops);
        Assert.Equal(published, flops / 2e9, 0.006);
    }

    [Theory]
    [InlineData("gpt2")]
    [InlineData("gpt-6.7b")]
    [InlineData("bert-large")]
    public void A_transformer_costs_two_operations_per_matrix_element_and_token_and_its_attention(string preset)
    {
        var model = ModelFactory.Create(ModelPresets.Get(preset));
        double s = model.Spec.SequenceLength, attention = 0;
        for (int layer = 1; layer < model.LayerCount; layer++)
        {
            long matrices = model.Layout(layer).Parameters.Where(p => p.Role == ParameterRole.Matrix).Sum(p => p.Length);
            attention += model.ForwardFlops(layer) - 2 * s * matrices;
        }

        // Queries by keys, and weights by values: two products of [s, s, hidden].
        Assert.Equal(model.Spec.Blocks * 2 * (2 * s * s * model.Spec.Hidden), attention, 1);
    }

    [Theory]
    [InlineData("resnet50", 18, 50, "ResNet-50")]
    [InlineData("resnet152", 52, 152, "ResNet-152")]
    [InlineData("vgg19", 19, 19, "VGG-19")]
    public void Layers_are_as_in_the_papers(string preset, int layers, int weights, string description)
    {
        var model = ModelFactory.Create(ModelPresets.Get(preset));
        Assert.Equal(layers, model.LayerCount);
        Assert.StartsWith(description, model.Description, StringComparison.Ordinal);
        // What gives them their names: layers of weights, projections of shortcuts aside.
        var names = Enumerable.Range(0, layers).SelectMany(l => model.Layout(l).Parameters).Where(p => p.Role == ParameterRole.Matrix).Select(p => p.Name);
        Assert.Equal(weights, names.Count(n => n != "projection.weight"));
    }

    private static long Trained(IStagedModel model) => Enumerable.Range(0, model.LayerCount).SelectMany(l => model.Layout(l).Parameters).Where(p => p.IsOwn).Sum(p => p.Length);
}
