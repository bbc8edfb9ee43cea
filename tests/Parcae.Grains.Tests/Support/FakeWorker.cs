using System.Net;

namespace Parcae.Grains.Tests.Support;

/// <summary>What a faked instance does when it is called.</summary>
public enum Health
{
    /// <summary>Answers.</summary>
    Well,

    /// <summary>Its silo is gone: calls fail at once.</summary>
    Dead,

    /// <summary>Calls are never answered.</summary>
    Hung,
}

/// <summary>
/// A GPU worker (or the state vault) that keeps versions instead of tensors, with the semantics of the contract: fences, idempotent commands, two copies of a
/// layer until a switch, open steps with reduced gradients. All under the lock of its <see cref="FakeWorld"/>.
/// </summary>
public sealed class FakeWorker : IGpuWorker
{
    private readonly FakeWorld _world;
    private readonly Dictionary<int, Copy> _layers = [];
    private readonly Dictionary<int, int> _prepared = [];
    private readonly SortedDictionary<int, StepResult> _results = [];
    private readonly Dictionary<int, FakeWorker> _shadows = [];
    private PrepareCommand? _command;
    private TaskCompletionSource _aborted = new(TaskCreationOptions.RunContinuationsAsynchronously);

    internal FakeWorker(FakeWorld world, string id, InstanceRole role, int port, int incarnation)
    {
        (_world, Id, Role) = (world, id, role);
        Info = new InstanceInfo
        {
            Id = id,
            Role = role,
            Silo = SiloAddress.New(IPAddress.Loopback, port, incarnation),
            DataPlane = new PeerEndpoint(id, "127.0.0.1", port + 10_000, incarnation),
        };
    }

    public string Id { get; }

    public InstanceRole Role { get; }

    public InstanceInfo Info { get; }

    public Health Health { get; set; }

    public WorkerPhase Phase { get; private set; }

    public int Fence { get; private set; }

    /// <summary>Checkpoints on the vault's disk, and whether each is sound.</summary>
    public SortedDictionary<int, bool> Disk { get; } = [];

    /// <summary>Why it does not know the checkpoints of the vault's bucket; null: it knows all.</summary>
    public string? Unread { get; set; }

    /// <summary>Whether its checkpoints are in a bucket that gives none at present.</summary>
    public bool Away { get; set; }

    /// <summary>The plan that it runs, or was halted in.</summary>
    public GenerationPlan? Plan { get; private set; }

    /// <summary>Every command that arrived, refused or not.</summary>
    public List<object> Commands { get; } = [];

    /// <summary>What to wait for before a preparation does anything; a halt aborts the wait.</summary>
    public Func<PrepareCommand, Task>? BeforePrepare { get; set; }

    /// <summary>What to wait for before a halt at the boundary answers; a halt at once answers regardless.</summary>
    public Task? Boundary { get; set; }

    /// <summary>How long it takes to answer a halt.</summary>
    public TimeSpan HaltTakes { get; set; }

    /// <summary>Versions of the layers that it runs with.</summary>
    public IReadOnlyDictionary<int, int> Versions => _layers.ToDictionary(l => l.Key, l => l.Value.Version);

    /// <summary>Whether a step was begun whose norm it does not know.</summary>
    public bool HasOpenStep => _layers.Values.Any(l => l.Open);

    public async Task<PrepareReport> Prepare(PrepareCommand command)
    {
        await Arrive(command);
        Task aborted;
        lock (_world)
        {
            Admit(command.Plan.Generation);
            if (Phase == WorkerPhase.Running) throw new InvalidOperationException($"{Id} is training; it has to be halted first.");
            aborted = _aborted.Task;
        }

        if (BeforePrepare is { } before) await await Task.WhenAny(before(command), aborted);
        lock (_world)
        {
            Admit(command.Plan.Generation);
            int version = command.Plan.StartStep;
            if (command.Finish is { } finish)
            {
                foreach (var (layer, copy) in _layers.Where(l => l.Value.Version == finish.Step && l.Value.Open).ToArray()) _layers[layer] = new Copy(copy.Version + 1, false);
                _results[finish.Step] = finish;
            }

            _prepared.Clear();
            long bytes = 0;
            int fetched = 0;
            foreach (int layer in Wanted(command.Plan))
            {
                if (command.RestoreCheckpoint is { } checkpoint)
                {
                    if (Away) throw new CheckpointAwayException($"checkpoint {checkpoint} cannot be fetched");
                    if (!Disk.TryGetValue(checkpoint, out bool sound) || !sound) throw new InvalidDataException($"checkpoint {checkpoint} is damaged");
                }
                else if (!Holds(layer, version))
                {
                    var source = command.Sources.Single(s => s.Layer == layer);
                    if (source.Holders.Length > 0)
                    {
                        if (!source.Holders.Any(h => _world.Serves(h.InstanceId, layer, version, command)))
                            throw new InvalidOperationException($"{Id} finds layer {layer} at version {version} with none of {string.Join(", ", source.Holders.Select(h => h.InstanceId))}");
                        (bytes, fetched) = (bytes + 1000, fetched + 1);
                    }
                    else if (version != 0)
                    {
                        throw new InvalidOperationException($"{Id} has no source for layer {layer} at version {version}");
                    }
                }

                _prepared[layer] = version;
            }

            (_command, Phase) = (command, WorkerPhase.Prepared);
            _world.Changed();
            return new PrepareReport(Id, command.Plan.Generation, bytes, fetched, 1);
        }
    }

    /// <summary>The newest checkpoint that the vault tells of.</summary>
    public int? Durable { get; set; }

    /// <summary>Why the vault has stopped following by itself.</summary>
    public string? Trouble { get; private set; }

    /// <summary>The vault stops following by itself, with the copy that it has.</summary>
    public void StopFollowing(string why)
    {
        lock (_world) (Phase, Trouble) = (WorkerPhase.Halted, why);
    }

    /// <summary>What to wait for before shadows have caught up; they never fail.</summary>
    public Func<ShadowCommand, Task>? Following { get; set; }

    /// <summary>Whether it follows anything.</summary>
    public bool Follows => _shadows.Count > 0;

    public async Task<ShadowReport> Shadow(ShadowCommand command)
    {
        await Arrive(command);
        lock (_world)
        {
            Admit(command.Generation);
            foreach (var source in command.Sources)
            {
                if (!_world.Trains(source.Holders[0].InstanceId, source.Layer, command.Generation))
                    throw new InvalidOperationException($"{source.Holders[0].InstanceId} does not train layer {source.Layer} in generation {command.Generation}");
            }
        }

        if (Following is { } following) await following(command);
        lock (_world)
        {
            Admit(command.Generation);
            _shadows.Clear();
            foreach (var source in command.Sources) _shadows[source.Layer] = _world.Named(source.Holders[0].InstanceId);
            _world.Changed();
            return new ShadowReport(Id, 1000 * command.Sources.Length, command.Sources.Length, 1);
        }
    }

    public async Task Switch(SwitchCommand command)
    {
        await Arrive(command);
        lock (_world)
        {
            Admit(command.Generation);
            if (Phase == WorkerPhase.Running && Plan?.Generation == command.Generation) return;
            if (_command?.Plan.Generation != command.Generation) throw new InvalidOperationException($"{Id} is not prepared for generation {command.Generation}.");
            Assert.Equal(_command.Plan.StartStep, command.AtStep);
            _layers.Clear();
            foreach (var (layer, version) in _prepared) _layers[layer] = new Copy(version, false);
            _prepared.Clear();
            foreach (int later in _results.Keys.Where(s => s >= command.AtStep).ToArray()) _results.Remove(later);
            (Plan, Phase, Trouble) = (_command.Plan, WorkerPhase.Running, null);
            _world.Changed();
        }
    }

    public async Task<HaltReport> Halt(HaltCommand command)
    {
        await Arrive(command);
        if (HaltTakes > TimeSpan.Zero) await Task.Delay(HaltTakes);
        if (command.Mode == HaltMode.AtBoundary && Boundary is { } boundary) await boundary;
        lock (_world)
        {
            Admit(command.Generation);
            Fence = command.Generation;
            if (Phase != WorkerPhase.Idle) Phase = WorkerPhase.Halted;
            foreach (var (layer, holder) in _shadows)
            {
                if (holder.Versions.TryGetValue(layer, out int version)) _layers[layer] = new Copy(version, false);
            }

            _shadows.Clear();
            _aborted.TrySetException(new StaleGenerationException(command.Generation - 1, command.Generation));
            _aborted = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            _world.Changed();
            return new HaltReport
            {
                InstanceId = Id,
                Layers =
                [
                    .. _layers.Select(l => new LayerHolding(l.Key, l.Value.Version, l.Value.Open)),
                    .. _prepared.Where(p => !_layers.TryGetValue(p.Key, out var own) || own.Version != p.Value).Select(p => new LayerHolding(p.Key, p.Value, false)),
                ],
                Results = [.. _results.Where(r => r.Key >= command.ResultsFrom).Select(r => r.Value)],
                Checkpoints = [.. Disk.Keys],
                CheckpointsUnread = Unread,
            };
        }
    }

    public async Task<WorkerStatus> WorkerStatus(string jobId)
    {
        await Arrive("status");
        lock (_world)
            return new WorkerStatus { InstanceId = Id, Trouble = Trouble, Phase = Phase, Generation = Plan?.Generation ?? 0, Fence = Fence, Version = _layers.Values.Select(l => l.Version).FirstOrDefault(), Checkpoint = Durable };
    }

    /// <summary>What happens when it is asked to describe a model; null: it says what <see cref="FakeWorld.Outline"/> says.</summary>
    public Func<JobSpec, Task<ModelOutline>>? Describing { get; set; }

    public async Task<ModelOutline> Describe(JobSpec spec)
    {
        await Arrive("describe");
        return Describing is null ? FakeWorld.Outline() : await Describing(spec);
    }

    public async Task<int> Checkpoint(string jobId)
    {
        await Arrive("checkpoint");
        lock (_world)
        {
            int version = _prepared.Count > 0 ? _prepared.Values.First() : _layers.Values.First().Version;
            Disk[version] = true;
            return version;
        }
    }

    public Task<JobCheckpoint[]> Checkpoints(string jobId) => throw new NotSupportedException();

    public Task<CheckpointPiece> ReadCheckpoint(string jobId, int step, long offset, int count) => throw new NotSupportedException();

    public Task Inject(FaultOrder? order) => throw new NotSupportedException();

    public Task Vanish(VanishOrder order) => throw new NotSupportedException();

    public async Task Release(string jobId, int generation)
    {
        await Arrive("release");
        lock (_world)
        {
            if (generation < Fence) throw new StaleGenerationException(generation, Fence);
            _layers.Clear();
            _prepared.Clear();
            _shadows.Clear();
            _results.Clear();
            // What it knew of the job is forgotten, the fence too; another job may come.
            (_command, Plan, Phase, Fence) = (null, null, WorkerPhase.Idle, 0);
            _world.Changed();
        }
    }

    /// <summary>Everything in memory is lost, as when the process is killed and started again.</summary>
    public void Forget()
    {
        lock (_world)
        {
            _layers.Clear();
            _prepared.Clear();
            _shadows.Clear();
            _results.Clear();
        }
    }

    /// <summary>Reports as a worker does: everything that was not acknowledged.</summary>
    public StepReport Report(int from) => new(Id, Plan?.Generation ?? 0, [.. _results.Where(r => r.Key >= from).Select(r => r.Value)]);

    internal bool Holds(int layer, int version) =>
        (_layers.TryGetValue(layer, out var copy) && copy.Version == version) || (_prepared.TryGetValue(layer, out int prepared) && prepared == version);

    internal bool HoldsOpen(int layer, int version) => _layers.TryGetValue(layer, out var copy) && copy.Version == version && copy.Open;

    internal void Open()
    {
        foreach (var (layer, copy) in _layers.ToArray()) _layers[layer] = copy with { Open = true };
    }

    internal void Apply(StepResult result)
    {
        foreach (var (layer, copy) in _layers.ToArray()) _layers[layer] = new Copy(copy.Version + 1, false);
        _results[result.Step] = result;
    }

    internal void Learn(StepResult result) => _results[result.Step] = result;

    private IEnumerable<int> Wanted(GenerationPlan plan)
    {
        if (plan.ShardOf(Id) is { } shard) return shard.Layers;
        return plan.Of(Id) is { } place ? Enumerable.Range(plan.Stages[place.Stage].First, plan.Stages[place.Stage].Count) : [];
    }

    private async Task Arrive(object command)
    {
        lock (_world)
        {
            Commands.Add(command);
            _world.Changed();
        }

        if (Health == Health.Hung) await new TaskCompletionSource().Task;
        if (Health == Health.Dead) throw new SiloUnavailableException($"the silo of {Id} is gone");
    }

    private void Admit(int generation)
    {
        if (generation < Fence) throw new StaleGenerationException(generation, Fence);
        Fence = generation;
    }

    private readonly record struct Copy(int Version, bool Open);
}
