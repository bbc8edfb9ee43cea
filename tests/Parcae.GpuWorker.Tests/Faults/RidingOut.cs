using Parcae.GpuWorker.Service;
using Parcae.GpuWorker.Tests.Pipeline;

namespace Parcae.GpuWorker.Tests.Faults;

/// <summary>What is common to all who bring a job through faults.</summary>
internal static class RidingOut
{
    /// <summary>Commands that take longer are given up, as the job's grain does. Where nothing hangs that only costs a generation.</summary>
    private static readonly TimeSpan CommandTimeout = TimeSpan.FromSeconds(5);

    /// <summary>Ends an instance as a kill does, as far as that can be done to a part of a process: its connections are gone at once, and an exception ends the thread that was hit.</summary>
    public static void MakeKillable(WorkerHost host) => host.Faults.Kill = () =>
    {
        host.DataPlane.Abort();
        throw new IOException(WorkerCluster.KilledMessage);
    };

    /// <summary>Waits until the job has come on by some steps, with as many new generations as that takes; returns their number.</summary>
    /// <param name="cluster">The job.</param>
    /// <param name="work">Commands under way, which may fail with the victim, or never come back.</param>
    /// <param name="steps">How many steps.</param>
    /// <param name="giveUp">Gives up whom the fault has cost, if it has; called again it does nothing.</param>
    /// <param name="again">Begins a new generation at once.</param>
    /// <param name="cancellation">How long it may take.</param>
    public static async Task<int> RideOutAsync(this WorkerCluster cluster, Task work, int steps, Action giveUp, Func<Task> again, CancellationToken cancellation)
    {
        int generations = 0, target = cluster.Results.Keys.Max() + steps;
        while (true)
        {
            var reached = cluster.ReachAsync(target);
            await Task.WhenAny(reached, cluster.BrokenAsync(), FailureOf(work.WaitAsync(CommandTimeout, cancellation))).WaitAsync(cancellation);
            giveUp();
            if (reached.IsCompleted)
            {
                await reached;
                return generations;
            }

            work = Task.CompletedTask;
            cluster.Broken.Clear();
            await again();
            generations++;
        }

        // Never completes when the commands succeed.
        static async Task FailureOf(Task work)
        {
            await work;
            await new TaskCompletionSource().Task;
        }
    }
}
