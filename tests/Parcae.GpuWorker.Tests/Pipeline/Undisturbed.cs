using Parcae.GpuWorker.Data;
using Parcae.GpuWorker.Models;
using Parcae.GpuWorker.Numerics;
using Parcae.GpuWorker.Service;
using Xunit;

namespace Parcae.GpuWorker.Tests.Pipeline;

/// <summary>The same job, trained by a single process without workers.</summary>
internal static class Undisturbed
{
    /// <summary>Stops the cluster's job and compares every step and every byte of the state.</summary>
    public static async Task AssertAsync(WorkerCluster cluster)
    {
        var (version, layers) = await cluster.FinishAsync();
        var spec = cluster.Spec;
        using var batches = BatchSources.Open(spec);
        using var undisturbed = new LocalTrainer(ModelFactory.Create(spec.Model), spec.Training, batches, device: ComputeDevice.Choose(cluster.Device));
        var expected = Enumerable.Range(0, version).Select(_ => undisturbed.Step());
        Assert.Empty(cluster.Mismatches);
        var actual = cluster.Results.Values.OrderBy(r => r.Step);
        Assert.Equal(expected.Select(r => (r.Step, r.Loss, r.GradientNorm, r.DataChecksum, r.Samples)), actual.Select(r => (r.Step, r.Loss, r.GradientNorm, r.DataChecksum, r.Samples)));
        LayerBytes.AssertEqual(LayerBytes.Of(undisturbed.States), layers);
    }
}
