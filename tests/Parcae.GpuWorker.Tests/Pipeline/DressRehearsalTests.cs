using Parcae.GpuWorker.Pipeline;
using Xunit;

namespace Parcae.GpuWorker.Tests.Pipeline;

public sealed class DressRehearsalTests
{
    [Fact]
    public async Task Four_replicas_train_at_least_a_step_and_stop_at_the_same_one()
    {
        var halts = await DressRehearsal.PlayAsync(null).WaitAsync(Patience.Long, TestContext.Current.CancellationToken);

        Assert.Equal([1, 2, 1, 2], halts.Select(h => h.Layers.Length));
        int version = Assert.Single(halts.SelectMany(h => h.Layers).Select(l => l.Version).Distinct());
        Assert.True(version >= 1);
        Assert.All(halts, h => Assert.Empty(h.BrokenPeers));
    }
}
