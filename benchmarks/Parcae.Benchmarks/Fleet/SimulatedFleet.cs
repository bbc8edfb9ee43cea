using System.Collections.Concurrent;
using System.Net;
using Parcae.Grains;
using Parcae.Grains.Fleet;

namespace Parcae.Benchmarks.Fleet;

/// <summary>
/// Many workers of one job in this process. SIMULATED: nothing is computed and nothing is sent between them; a step and a transfer are waits of the time that they would take. They take the same commands as real ones, keep
/// to the fence, and report as often.
/// </summary>
internal sealed class SimulatedFleet(TimeSpan step, double linkBytesPerSecond) : IGpuWorkerDirectory
{
    private readonly ConcurrentDictionary<string, SimulatedWorker> _workers = new(StringComparer.Ordinal);
    private TaskCompletionSource _boundary = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private int _joined;

    /// <summary>Steps that were done, and so the version of whatever a member holds.</summary>
    public int Version { get; private set; }

    /// <summary>Completes at the next step boundary, or when there is none to come.</summary>
    public Task Boundary => _boundary.Task;

    public IGpuWorker At(InstanceInfo instance)
    {
        ArgumentNullException.ThrowIfNull(instance);
        return _workers.TryGetValue(instance.Id, out var worker) ? worker : throw new SiloUnavailableException($"the simulated instance {instance.Id} is gone");
    }

    /// <summary>Another worker.</summary>
    /// <param name="silo">A silo that lives: the fleet asks the membership about it.</param>
    public SimulatedWorker Add(SiloAddress silo)
    {
        int number = Interlocked.Increment(ref _joined);
        string id = $"i-{number:D5}";
        return _workers[id] = new SimulatedWorker(this, new InstanceInfo
        {
            Id = id,
            Role = InstanceRole.Worker,
            Silo = silo,
            DataPlane = new PeerEndpoint(id, IPAddress.Loopback.ToString(), 10_000 + (number % 50_000), number),
        });
    }

    /// <summary>A worker ends without a word.</summary>
    public void Kill(string id)
    {
        if (_workers.TryRemove(id, out var worker)) worker.Die();
        EndWait();
    }

    /// <summary>Time that a transfer takes.</summary>
    public Task Transfer(long bytes) => bytes == 0 ? Task.CompletedTask : Task.Delay(TimeSpan.FromSeconds(bytes / linkBytesPerSecond));

    /// <summary>Trains and reports until it is told to end: a step is done when all members of a plan run it.</summary>
    public async Task TrainAsync(IJobGrain job, int globalBatch, CancellationToken cancellation)
    {
        var told = DateTime.MinValue;
        while (!cancellation.IsCancellationRequested)
        {
            await Task.Delay(step, cancellation).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            var running = _workers.Values.Where(w => w.Phase == WorkerPhase.Running).ToArray();
            if (running.MaxBy(w => w.Plan!.Generation)?.Plan is not { } plan) continue;
            var members = plan.Places.Select(p => _workers.GetValueOrDefault(p.Peer.InstanceId)).ToArray();
            if (members.Any(m => m is null or { Phase: not WorkerPhase.Running } || m.Plan!.Generation != plan.Generation))
            {
                // A neighbour's connection breaks when a member is gone.
                if (members.FirstOrDefault(m => m is { Phase: WorkerPhase.Running }) is { } neighbour)
                {
                    foreach (var gone in plan.Places.Where((_, i) => members[i] is null)) await job.ReportBroken(new BrokenReport(neighbour.Id, plan.Generation, gone.Peer.InstanceId, true, "connection refused"));
                }

                EndWait();
                continue;
            }

            var result = new StepResult(Version, 5.0 / (Version + 1), 1, (ulong)(Version + 1) * 0x9E3779B97F4A7C15, globalBatch, step.TotalSeconds);
            foreach (var member in members) member!.Apply(result);
            Version++;
            EndWait();
            // The leader tells what is new; everyone says once a second that it is there.
            var leader = members[0]!;
            var ack = await job.ReportSteps(leader.Report(plan.Generation));
            foreach (var member in members) member!.Forget(ack.CommittedStep);
            if (DateTime.UtcNow - told < TimeSpan.FromSeconds(1)) continue;
            told = DateTime.UtcNow;
            foreach (var member in members.Skip(1)) _ = job.ReportSteps(new StepReport(member!.Id, plan.Generation, []));
        }
    }

    private void EndWait()
    {
        var ended = _boundary;
        _boundary = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        ended.TrySetResult();
    }
}
