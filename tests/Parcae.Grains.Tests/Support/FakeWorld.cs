using System.Collections.Concurrent;
using Parcae.Grains.Fleet;
using Parcae.Grains.Jobs;

namespace Parcae.Grains.Tests.Support;

/// <summary>The workers of all tests of a cluster, found by their made-up silo addresses.</summary>
public sealed class FakeWorkers : IGpuWorkerDirectory
{
    private readonly ConcurrentDictionary<SiloAddress, FakeWorker> _workers = new();
    private int _port = 20_000;

    public IGpuWorker At(InstanceInfo instance) => _workers[instance.Silo];

    /// <summary>A worker.</summary>
    /// <param name="world">Its world.</param>
    /// <param name="id">Its id.</param>
    /// <param name="role">What it is for.</param>
    /// <param name="before">The one whose address it has; null: an address of its own.</param>
    internal FakeWorker Add(FakeWorld world, string id, InstanceRole role, FakeWorker? before = null)
    {
        var worker = new FakeWorker(world, id, role, before?.Info.Silo.Endpoint.Port ?? Interlocked.Increment(ref _port), (before?.Info.DataPlane.Incarnation ?? SiloAddress.AllocateNewGeneration()) + 1);
        _workers[worker.Info.Silo] = worker;
        return worker;
    }
}

/// <summary>One test's job, fleet and workers. Training moves only when the test says so.</summary>
public sealed class FakeWorld
{
    private readonly IClusterClient _client;
    private readonly FakeWorkers _directory;
    private readonly StorageDisk _disk;
    private readonly Dictionary<string, FakeWorker> _workers = new(StringComparer.Ordinal);
    private readonly List<(Func<bool> Met, TaskCompletionSource Done)> _waiting = [];
    private StepAck _ack;

    public FakeWorld(IClusterClient client, FakeWorkers directory, StorageDisk disk)
    {
        (_client, _directory, _disk) = (client, directory, disk);
        Name = $"t{Guid.NewGuid():N}";
    }

    /// <summary>Names the job and the fleet.</summary>
    public string Name { get; }

    public IJobGrain Job => _client.GetGrain<IJobGrain>(Name);

    public IFleetGrain Fleet => _client.GetGrain<IFleetGrain>(Name);

    public FakeWorker this[string id] => _workers[$"{Name[..6]}-{id}"];

    public string Id(string id) => $"{Name[..6]}-{id}";

    /// <summary>The part of an instance's id that the test chose.</summary>
    public string Short(string id) => id[(Name[..6].Length + 1)..];

    /// <summary>The plan that is training.</summary>
    public GenerationPlan Plan
    {
        get
        {
            lock (this)
                return _workers.Values.Where(w => w.Phase == WorkerPhase.Running).Select(w => w.Plan!).MaxBy(p => p.Generation)
                    ?? throw new InvalidOperationException("Nobody trains.");
        }
    }

    /// <summary>A job of 4 layers; the plan for each number of instances as in <see cref="TablePlanner"/>.</summary>
    public JobSpec Spec(string table, int? steps = null, bool vault = false) => new()
    {
        Name = table,
        Fleet = Name,
        Model = new ModelSpec { Blocks = 2, Hidden = 8, Heads = 1 },
        Training = new TrainingSpec { Steps = steps, GlobalBatch = 8, MicroBatches = 4, Vault = vault },
    };

    /// <summary>A model of 4 layers.</summary>
    public static ModelOutline Outline() => new()
    {
        Description = "four layers",
        Layers = [.. Enumerable.Range(0, 4).Select(i => new LayerOutline($"layer {i}", 100, 1e6, 1000, i < 3 ? 100 : 0))],
        StateBytesPerParameter = 12,
        Parameters = 400,
    };

    public async Task Join(params string[] ids)
    {
        foreach (string id in ids) await Fleet.Join(Add(id, InstanceRole.Worker).Info);
    }

    public async Task JoinVault(string id = "v") => await Fleet.Join(Add(id, InstanceRole.Vault).Info);

    /// <summary>The process of an instance ends, and another one begins under the same id at the same address.</summary>
    public FakeWorker Restart(string id)
    {
        var old = this[id];
        old.Health = Health.Dead;
        return Add(id, old.Role, old);
    }

    public FakeWorker Add(string id, InstanceRole role, FakeWorker? before = null)
    {
        var worker = _directory.Add(this, Id(id), role, before);
        lock (this) _workers[worker.Id] = worker;
        return worker;
    }

    /// <summary>The result of a step: a pure function of its number, as the data and the mathematics are.</summary>
    public static StepResult Result(int step) => new(step, 5.0 / (step + 1), 1 + step, (ulong)(step + 1) * 0x9E3779B97F4A7C15, 8, 0.01);

    /// <summary>Trains some steps and reports them.</summary>
    public async Task Train(int steps, bool vaultFollows = true)
    {
        for (int i = 0; i < steps; i++) Step(vaultFollows);
        await Report();
    }

    /// <summary>Trains one step that nobody reports.</summary>
    public void Step(bool vaultFollows = true)
    {
        lock (this)
        {
            var members = Members();
            int step = members[0].Versions.Values.First();
            Assert.All(members, m => Assert.All(m.Versions.Values, v => Assert.Equal(step, v)));
            foreach (var member in members) member.Apply(Result(step));
            foreach (var shard in vaultFollows ? Vault() : []) shard.Apply(Result(step));
        }
    }

    /// <summary>Trains one step if all members of the newest plan are well and at the same version. Returns whether they are.</summary>
    public bool TryStep(bool vaultFollows)
    {
        lock (this)
        {
            if (!_workers.Values.Any(w => w.Phase == WorkerPhase.Running && w.Role == InstanceRole.Worker)) return false;
            var (plan, members) = (Plan, Members());
            if (members.Any(m => m.Health != Health.Well || m.Phase != WorkerPhase.Running || m.Plan!.Generation != plan.Generation)) return false;
            if (members.SelectMany(m => m.Versions.Values).Distinct().Count() != 1 || members.Any(m => m.HasOpenStep)) return false;
            int step = members[0].Versions.Values.First();
            foreach (var member in members) member.Apply(Result(step));
            var vault = vaultFollows ? Vault() : [];
            // One that has not come as far applies nothing, and the others wait for it.
            if (vault.All(s => s.Versions.Values.All(v => v == step))) vault.ForEach(s => s.Apply(Result(step)));
            return true;
        }
    }

    /// <summary>Begins a step that breaks off: all have its reduced gradients, those named have passed its barrier and applied it.</summary>
    public void BreakOff(params string[] passed)
    {
        lock (this)
        {
            var members = Members();
            int step = members[0].Versions.Values.First();
            foreach (var member in members)
            {
                if (passed.Contains(member.Id)) member.Apply(Result(step));
                else member.Open();
            }
        }
    }

    /// <summary>Has the members report what was not acknowledged.</summary>
    public async Task Report()
    {
        StepReport[] reports;
        lock (this) reports = [.. Members().Where(m => m.Plan is not null).Select(m => m.Report(m.Plan!.Generation == _ack.Generation ? _ack.CommittedStep : m.Plan.StartStep))];
        foreach (var report in reports) _ack = await Job.ReportSteps(report);
    }

    /// <summary>Has the members report if there are any.</summary>
    public async Task TryReport()
    {
        lock (this)
        {
            if (!_workers.Values.Any(w => w.Phase == WorkerPhase.Running && w.Role == InstanceRole.Worker)) return;
        }

        await Report();
    }

    /// <summary>Breaks the step off that the victim, a member, was in; a neighbour reports it. Returns whether it was a member.</summary>
    public async Task<bool> TryBreak(FakeWorker victim, bool refused, int passed)
    {
        BrokenReport report;
        lock (this)
        {
            if (!_workers.Values.Any(w => w.Phase == WorkerPhase.Running && w.Role == InstanceRole.Worker)) return false;
            var members = Members();
            var neighbours = members.Where(m => m.Health == Health.Well && m.Phase == WorkerPhase.Running && m.Plan!.Generation == Plan.Generation).ToArray();
            if (!members.Contains(victim) || neighbours.Length == 0) return false;
            if (neighbours.Length + 1 == members.Count && !members.Any(m => m.HasOpenStep) && members.SelectMany(m => m.Versions.Values).Distinct().Count() == 1)
                BreakOff([.. neighbours.Take(passed).Select(m => m.Id)]);
            report = new BrokenReport(neighbours[0].Id, Plan.Generation, victim.Id, refused, "chaos");
        }

        await Job.ReportBroken(report);
        return true;
    }

    /// <summary>Kills an instance without a word, and has a neighbour report that its port refuses connections.</summary>
    public async Task Kill(string id, bool refused = true)
    {
        var victim = this[id];
        victim.Health = Health.Dead;
        FakeWorker neighbour;
        lock (this) neighbour = Members().First(m => m.Id != victim.Id && m.Health == Health.Well);
        await Job.ReportBroken(new BrokenReport(neighbour.Id, neighbour.Plan!.Generation, victim.Id, refused, "connection reset"));
    }

    /// <summary>Waits until the job's saved state satisfies the condition.</summary>
    internal async Task Saved(Func<JobState, bool> condition)
    {
        try
        {
            await _disk.When(Name, condition).WaitAsync(Patience.Long);
        }
        catch (TimeoutException)
        {
            Assert.Fail($"The job did not get there:{Environment.NewLine}{string.Join(Environment.NewLine, (await Job.Events(0)).Select(e => e.Message))}");
        }
    }

    /// <summary>Waits until the job trains under a generation that satisfies the condition.</summary>
    internal async Task<GenerationRecord> Trains(Func<GenerationRecord, bool> condition)
    {
        GenerationRecord? found = null;
        await Saved(s => s.Phase == JobPhase.Training && s.LastGeneration is { } last && condition(found = last));
        return found!;
    }

    internal Task Pauses(Func<string, bool>? reason = null) => Saved(s => s.Phase == JobPhase.Paused && (reason is null || reason(s.Reason ?? "")));

    /// <summary>Waits until the workers satisfy the condition.</summary>
    public Task Until(Func<bool> condition)
    {
        lock (this)
        {
            if (condition()) return Task.CompletedTask;
            var done = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            _waiting.Add((condition, done));
            return done.Task.WaitAsync(Patience.Long);
        }
    }

    /// <summary>Called under the lock whenever a worker has changed.</summary>
    internal void Changed()
    {
        foreach (var (_, done) in _waiting.Where(w => w.Met()).ToArray()) done.TrySetResult();
        _waiting.RemoveAll(w => w.Done.Task.IsCompleted);
    }

    internal FakeWorker Named(string id) => _workers[id];

    internal bool Trains(string id, int layer, int generation) =>
        _workers[id] is { Health: Health.Well, Phase: WorkerPhase.Running } holder && holder.Plan!.Generation == generation && holder.Versions.ContainsKey(layer);

    internal bool Serves(string id, int layer, int version, PrepareCommand command)
    {
        var holder = _workers[id];
        if (holder.Health != Health.Well) return false;

        // A holder that has yet to finish the step is waited for: it has been told to, as this receiver was.
        return holder.Holds(layer, version)
            || (command.Finish is not null && holder.HoldsOpen(layer, version - 1))
            || (holder.Role == InstanceRole.Vault && holder.Disk.ContainsKey(version));
    }

    private List<FakeWorker> Members()
    {
        return [.. Plan.Places.Select(p => _workers[p.Peer.InstanceId])];
    }

    private List<FakeWorker> Vault() => [.. _workers.Values.Where(w => w is { Role: InstanceRole.Vault, Phase: WorkerPhase.Running, Health: Health.Well })];
}
