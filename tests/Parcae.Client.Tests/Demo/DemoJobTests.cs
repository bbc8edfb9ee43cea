using Parcae.Cli.Commands;
using Parcae.Cli.Demo;
using Parcae.Grains;
using Parcae.Liveput.Profiles;

namespace Parcae.Client.Tests.Demo;

public sealed class DemoJobTests
{
    [Theory]
    [InlineData(6, 128, 4, 128)]
    [InlineData(1, 8, 1, 8)]
    [InlineData(2, 256, 4, 64)]
    [InlineData(24, 64, 2, 256)]
    public void Under_the_memory_limit_one_stage_does_not_fit_and_two_do(int blocks, int hidden, int heads, int sequence)
    {
        var model = new ModelSpec { Blocks = blocks, Hidden = hidden, Heads = heads, SequenceLength = sequence };
        var spec = DemoJob.Create(new DemoOptions { Model = model }, "/tmp/tokens");
        var profile = PlanningProfile.FromLayers(
            "m", TransformerCosts.Layers(blocks, hidden, heads, sequence, model.Vocabulary), 16, 8, new AcceleratorSpec(spec.Planning.MemoryBytes, 30e9, 1e9));
        Assert.Equal((2, 2), (profile.MinDepth, profile.MinInstances));
    }

    [Fact]
    public void The_undisturbed_job_is_the_same_but_for_its_planning_and_length()
    {
        var spec = DemoJob.Create(new DemoOptions { Seed = 9 }, "/tmp/tokens");
        var undisturbed = DemoJob.Undisturbed(spec, 77);
        Assert.Equal((spec.Model, spec.Data), (undisturbed.Model, undisturbed.Data));
        Assert.Equal(spec.Training with { Steps = 77, Vault = false }, undisturbed.Training);
        Assert.Equal(1, undisturbed.Planning.MaxInstances);
        Assert.Empty(JobSpecValidation.Problems(undisturbed));
    }

    [Fact]
    public void Options_that_make_no_job_are_wrong_usage() =>
        Assert.Throws<UsageException>(() => DemoJob.Create(new DemoOptions { Batch = 12 }, "/tmp/tokens"));
}
