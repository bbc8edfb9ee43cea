using Parcae.GpuWorker.Service;
using Parcae.GpuWorker.Tests.Pipeline;
using Parcae.Grains;
using Xunit;

namespace Parcae.GpuWorker.Tests.Faults;

/// <summary>What the job's grain does about a fault: waits for reports, gives up who does not answer, and begins a new generation with the others.</summary>
internal sealed class Healing(WorkerCluster cluster, string victim, FaultKind kind)
{
    private const int Steps = 5;
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(25);
    private readonly TaskCompletionSource _killed = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private bool _given;

    /// <summary>Ends an instance as a kill does, as far as that can be done to a part of a process: its connections are gone at once. The exception ends the thread that was hit.</summary>
    public Exception Killed(WorkerHost host)
    {
        host.DataPlane.Abort();
        _killed.TrySetResult();
        return new IOException(WorkerCluster.KilledMessage);
    }

    /// <summary>Waits until the job has come on by some steps, with as many new generations as that takes.</summary>
    /// <param name="work">Commands under way, which may fail with the victim, or never come back.</param>
    public async Task RideOutAsync(Task work)
    {
        using var limit = new CancellationTokenSource(Patience);
        bool lost = kind is FaultKind.Kill or FaultKind.Hang;
        int target = cluster.Results.Keys.Max() + Steps;
        while (true)
        {
            var reached = cluster.ReachAsync(target);
            var first = await Task.WhenAny(reached, cluster.BrokenAsync(), work.IsCompletedSuccessfully ? new TaskCompletionSource().Task : work).WaitAsync(limit.Token);
            if (first == reached)
            {
                await reached;
                if (lost) GiveUp();
                return;
            }

            if (first == work && work.IsCompletedSuccessfully) continue;
            work = Task.CompletedTask;
            if (lost) GiveUp();
            await AgainAsync(limit.Token);
        }
    }

    private void GiveUp()
    {
        if (_given) return;
        _given = true;
        cluster.Forsake(victim);
    }

    private async Task AgainAsync(CancellationToken cancellation)
    {
        cluster.Broken.Clear();
        string[] members = [.. new[] { "a", "b", "c", "d", "spare" }.Where(id => !_given || id != victim).Take(4)];
        string? vault = _given && victim == "vault" ? null : "vault";
        await cluster.ReconfigureAsync(2, 2, members, vault, HaltMode.Now).WaitAsync(cancellation);
        Assert.NotNull(cluster.Plan);
    }
}
