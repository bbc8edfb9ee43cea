using Parcae.GpuWorker.Tests.Pipeline;
using Parcae.Grains;
using Xunit;

namespace Parcae.GpuWorker.Tests.Faults;

/// <summary>What the job's grain does about a fault: waits for reports, gives up who does not answer, and begins a new generation with the others.</summary>
internal sealed class Healing(WorkerCluster cluster, string victim, FaultKind kind)
{
    private const int Steps = 5;
    private bool _given;

    /// <summary>Waits until the job has come on by some steps, with as many new generations as that takes.</summary>
    /// <param name="work">Commands under way, which may fail with the victim, or never come back.</param>
    public async Task RideOutAsync(Task work)
    {
        using var limit = new CancellationTokenSource(Patience.Long);
        await cluster.RideOutAsync(work, Steps, GiveUp, () => AgainAsync(limit.Token), limit.Token);
    }

    private void GiveUp()
    {
        if (_given || kind is not (FaultKind.Kill or FaultKind.Hang)) return;
        _given = true;
        cluster.Forsake(victim);
    }

    private async Task AgainAsync(CancellationToken cancellation)
    {
        string[] members = [.. new[] { "a", "b", "c", "d", "spare" }.Where(id => !_given || id != victim).Take(4)];
        string? vault = _given && victim == "vault" ? null : "vault";
        await cluster.ReconfigureAsync(2, 2, members, vault, HaltMode.Now).WaitAsync(cancellation);
        Assert.NotNull(cluster.Plan);
    }
}
