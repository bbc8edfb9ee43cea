using Parcae.GpuWorker.Models;
using Parcae.GpuWorker.Profiling;
using Parcae.Grains;
using Parcae.Liveput.Profiles;
using Xunit;

namespace Parcae.Silo.Tests.Profiling;

public sealed class PlanningCostsTests
{
    [Theory]
    [InlineData(6, 128, 4, 128, 256)]
    [InlineData(1, 8, 1, 8, 256)]
    [InlineData(12, 768, 12, 1024, 50257)]
    public void What_the_demo_knows_of_a_gpt_without_a_worker_is_what_a_worker_describes(int blocks, int hidden, int heads, int sequence, int vocabulary)
    {
        var model = new Gpt(new ModelSpec { Blocks = blocks, Hidden = hidden, Heads = heads, SequenceLength = sequence, Vocabulary = vocabulary });
        var outline = ModelDescriber.Outline(model, new TrainingSpec());
        Assert.Equal(
            TransformerCosts.Layers(blocks, hidden, heads, sequence, vocabulary),
            outline.Layers.Select(l => new LayerCost(l.Length, l.ForwardFlops, l.ActivationBytes, l.OutputBytes)));
    }
}
