using Parcae.Grains;
using Xunit;

namespace Parcae.GpuWorker.Tests.Pipeline;

public sealed class PipelineTests
{
    private const int Steps = 20;

    private static readonly Lazy<Task<Run>> SingleProcess = new(() => RunAsync(1, 1));

    /// <summary>What a run left behind.</summary>
    private sealed record Run(double[] Losses, double[] Norms, ulong[] Checksums, byte[][] Layers);

    [Theory]
    [InlineData(1, 1)]
    [InlineData(2, 1)]
    [InlineData(1, 2)]
    [InlineData(2, 2)]
    [InlineData(1, 3)]
    [InlineData(3, 2)]
    public async Task Losses_and_parameters_are_bit_equal_to_a_single_process_run(int pipelines, int depth)
    {
        var expected = await SingleProcess.Value;
        var actual = await RunAsync(pipelines, depth);
        Assert.Equal(expected.Losses, actual.Losses);
        Assert.Equal(expected.Norms, actual.Norms);
        Assert.Equal(expected.Checksums, actual.Checksums);
        Assert.Equal(expected.Layers, actual.Layers);
        Assert.True(actual.Losses[^1] < actual.Losses[0] - 0.2, $"The loss went from {actual.Losses[0]} to {actual.Losses[^1]}.");
    }

    private static async Task<Run> RunAsync(int pipelines, int depth)
    {
        await using var cluster = new WorkerCluster(TestJobs.Small with { Training = TestJobs.Small.Training with { Steps = Steps } });
        string[] ids = [.. Enumerable.Range(0, pipelines * depth).Select(i => $"i-{i}")];
        foreach (string id in ids) cluster.Add(id);
        await cluster.ReconfigureAsync(pipelines, depth, ids);
        await cluster.ReachAsync(Steps - 1);
        var layers = await cluster.StateAsync(Steps);
        var results = cluster.Results.Values.OrderBy(r => r.Step).ToArray();
        Assert.Equal(Enumerable.Range(0, Steps), results.Select(r => r.Step));
        return new Run([.. results.Select(r => r.Loss)], [.. results.Select(r => r.GradientNorm)], [.. results.Select(r => r.DataChecksum)], layers);
    }
}
