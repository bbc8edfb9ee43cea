using Parcae.Grains;

namespace Parcae.Benchmarks.Fleet;

/// <summary>One worker of a <see cref="SimulatedFleet"/>: what it would hold, and in which generation.</summary>
internal sealed class SimulatedWorker(SimulatedFleet fleet, InstanceInfo info) : IGpuWorker
{
    private readonly Lock _lock = new();
    private readonly HashSet<int> _layers = [];
    private readonly SortedDictionary<int, StepResult> _results = [];
    private HashSet<int> _prepared = [];
    private PrepareCommand? _command;
    private int _fence;
    private bool _dead;

    /// <summary>Its id.</summary>
    public string Id => info.Id;

    /// <summary>As it registers.</summary>
    public InstanceInfo Info => info;

    /// <summary>What it is doing.</summary>
    public WorkerPhase Phase { get; private set; }

    /// <summary>The plan that it runs, or ran last.</summary>
    public GenerationPlan? Plan { get; private set; }

    public Task<ModelOutline> Describe(JobSpec spec) => Task.FromResult(FleetJob.Outline);

    public async Task<ShadowReport> Shadow(ShadowCommand command)
    {
        Admit(command.Generation);
        long bytes = command.Sources.Sum(s => FleetJob.LayerBytes);
        await fleet.Transfer(bytes);
        lock (_lock)
        {
            Admit(command.Generation);
            _layers.UnionWith(command.Sources.Select(s => s.Layer));
        }

        return new ShadowReport(Id, bytes, command.Sources.Length, 0);
    }

    public async Task<PrepareReport> Prepare(PrepareCommand command)
    {
        Admit(command.Plan.Generation);
        int[] wanted = command.Plan.Of(Id) is { } place ? command.Plan.Stages[place.Stage].ToArray() : [];
        long bytes;
        lock (_lock) bytes = wanted.Count(l => !_layers.Contains(l)) * FleetJob.LayerBytes;
        if (command.Plan.StartStep > 0) await fleet.Transfer(bytes);
        lock (_lock)
        {
            Admit(command.Plan.Generation);
            (_command, _prepared, Phase) = (command, [.. wanted], WorkerPhase.Prepared);
        }

        return new PrepareReport(Id, command.Plan.Generation, bytes, 0, 0);
    }

    public Task Switch(SwitchCommand command)
    {
        lock (_lock)
        {
            Admit(command.Generation);
            if (_command?.Plan.Generation != command.Generation) throw new InvalidOperationException($"{Id} is not prepared for generation {command.Generation}.");
            _layers.Clear();
            _layers.UnionWith(_prepared);
            (Plan, Phase) = (_command.Plan, WorkerPhase.Running);
        }

        return Task.CompletedTask;
    }

    public async Task<HaltReport> Halt(HaltCommand command)
    {
        Admit(command.Generation);
        if (command.Mode == HaltMode.AtBoundary && Phase == WorkerPhase.Running) await fleet.Boundary;
        lock (_lock)
        {
            Admit(command.Generation);
            if (Phase != WorkerPhase.Idle) Phase = WorkerPhase.Halted;
            return new HaltReport
            {
                InstanceId = Id,
                Layers = [.. _layers.Union(_prepared).Select(l => new LayerHolding(l, fleet.Version, false))],
                Results = [.. _results.Where(r => r.Key >= command.ResultsFrom).Select(r => r.Value)],
            };
        }
    }

    public Task<WorkerStatus> WorkerStatus(string jobId) => Task.FromResult(new WorkerStatus { InstanceId = Id, Phase = Phase, Generation = Plan?.Generation ?? 0, Fence = _fence, Version = fleet.Version });

    public Task<int> Checkpoint(string jobId) => throw new NotSupportedException("Simulated workers keep no state that could be written.");

    public Task<JobCheckpoint[]> Checkpoints(string jobId) => throw new NotSupportedException("Checkpoints are not simulated.");

    public Task<CheckpointPiece> ReadCheckpoint(string jobId, int step, long offset, int count) => throw new NotSupportedException("Checkpoints are not simulated.");

    public Task Inject(FaultOrder? order) => throw new NotSupportedException("Faults are not simulated.");

    public Task Vanish(VanishOrder order) => throw new NotSupportedException("There is no process that could go away.");

    public Task Release(string jobId, int generation)
    {
        lock (_lock)
        {
            _layers.Clear();
            _prepared.Clear();
            _results.Clear();
            (_command, Plan, Phase, _fence) = (null, null, WorkerPhase.Idle, 0);
        }

        return Task.CompletedTask;
    }

    /// <summary>Does a step.</summary>
    public void Apply(StepResult result)
    {
        lock (_lock) _results[result.Step] = result;
    }

    /// <summary>What it has to tell.</summary>
    public StepReport Report(int generation)
    {
        lock (_lock) return new StepReport(Id, generation, [.. _results.Values]);
    }

    /// <summary>What is recorded is not told again.</summary>
    public void Forget(int below)
    {
        lock (_lock)
        {
            while (_results.Count > 0 && _results.Keys.First() < below) _results.Remove(_results.Keys.First());
        }
    }

    /// <summary>Takes nothing any more.</summary>
    public void Die() => _dead = true;

    private void Admit(int generation)
    {
        if (_dead) throw new SiloUnavailableException($"the simulated instance {Id} is gone");
        if (generation < _fence) throw new StaleGenerationException(generation, _fence);
        _fence = generation;
    }
}
