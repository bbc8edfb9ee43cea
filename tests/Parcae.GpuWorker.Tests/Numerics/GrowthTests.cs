using System.Globalization;
using Parcae.GpuWorker.Data;
using Parcae.GpuWorker.Models;
using Parcae.GpuWorker.Numerics;
using Parcae.Grains;
using TorchSharp;
using Xunit;

namespace Parcae.GpuWorker.Tests.Numerics;

[Collection(AloneCollection.Name)]
public sealed class GrowthTests
{
    private static readonly ModelSpec Tiny = new() { Blocks = 1, Hidden = 16, Heads = 2, SequenceLength = 8, Dropout = 0.1 };
    private static readonly TrainingSpec Training = new() { GlobalBatch = 4, MicroBatches = 2 };

    [Fact]
    public void Two_thousand_steps_leave_nothing_behind()
    {
        using var text = BatchSources.Open(new JobSpec { Model = Tiny, Training = Training });
        using var trainer = new LocalTrainer(new Gpt(Tiny), Training, text);
        Train(500); // the compiler's tiers, the allocator's arenas, the buffers
        var before = Measure();
        Train(2000);
        var after = Measure();

        Assert.Equal(before.Tensors, after.Tensors);
        Assert.InRange(after.Managed - before.Managed, -100_000_000, 200_000); // what earlier tests left may still go
        Assert.InRange(after.Resident - before.Resident, -100_000_000, 6_000_000); // 3 KB a step
        Assert.InRange((after.Allocated - before.Allocated) / 2000, 0, 100_000);

        void Train(int steps)
        {
            for (int i = 0; i < steps; i++) trainer.Step();
        }
    }

    private static (long Tensors, long Managed, long Resident, long Allocated) Measure()
    {
        long allocated = GC.GetAllocatedBytesForCurrentThread();
        GC.Collect(GC.MaxGeneration, GCCollectionMode.Aggressive, blocking: true, compacting: true); // gives memory back, so that what is resident does not hang on when the last collection was
        GC.WaitForPendingFinalizers();
        long managed = GC.GetTotalMemory(forceFullCollection: true);
        string pages = File.ReadAllText("/proc/self/statm").Split(' ')[1];
        return (DisposeScopeManager.Statistics.TensorStatistics.ThreadTotalLiveCount, managed, long.Parse(pages, CultureInfo.InvariantCulture) * Environment.SystemPageSize, allocated);
    }
}
