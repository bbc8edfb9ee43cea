using Parcae.Grains;

namespace Parcae.Client.Tests.Fakes;

/// <summary>A service with one job of three workers and a vault: each look at the job is a step further, and each look at a worker with a fault may be its strike.</summary>
internal sealed class FakeService : UnaskedClient
{
    public const string JobId = "j";

    private readonly Dictionary<string, int> _struck = new() { ["a"] = 0, ["b"] = 0, ["c"] = 0, ["vault"] = 0 };
    private (string Instance, FaultOrder Order)? _order;
    private int _step;
    private int _generation = 4;

    /// <summary>Faults ordered; null for each that was taken back.</summary>
    public List<(string Instance, FaultOrder? Order)> Orders { get; } = [];

    /// <summary>Points that nobody passes.</summary>
    public HashSet<FaultPoint> NeverPassed { get; } = [];

    public JobLedger Ledger { get; set; } = new() { SamplesCommitted = 160 };

    public bool TakesFaults { get; init; } = true;

    /// <summary>With fewer workers than these the job pauses.</summary>
    public int Least { get; init; } = 1;

    private string[] Workers => [.. _struck.Keys.Where(id => id != "vault")];

    public override Task<JobStatus> GetStatusAsync(string jobId, CancellationToken cancellation = default)
    {
        bool pauses = Workers.Length < Least;
        if (!pauses) _step++;
        return Task.FromResult(new JobStatus
        {
            JobId = jobId,
            Phase = pauses ? JobPhase.Paused : JobPhase.Training,
            Reason = pauses ? "too few instances" : null,
            CommittedStep = _step,
            Ledger = Ledger,
            Plan = new GenerationPlan
            {
                JobId = jobId,
                Generation = _generation,
                Pipelines = 1,
                Depth = Workers.Length,
                Stages = [],
                Places = [.. Workers.Select((id, i) => new Place(0, i, new PeerEndpoint(id, "127.0.0.1", 1)))],
                Vault = [new VaultShard(new PeerEndpoint("vault", "127.0.0.1", 1), [0])],
                StartStep = _step - 1,
            },
        });
    }

    public override Task InjectFaultAsync(string instanceId, FaultOrder? order, CancellationToken cancellation = default)
    {
        if (!TakesFaults) return Task.FromException(new InvalidOperationException($"{instanceId} takes no faults; start it with --faults true where that is wanted."));
        Orders.Add((instanceId, order));
        _order = order is null ? null : (instanceId, order);
        return Task.CompletedTask;
    }

    public override Task<WorkerStatus> GetWorkerStatusAsync(string instanceId, string jobId, CancellationToken cancellation = default)
    {
        if (_order is var (instance, order) && instance == instanceId && !NeverPassed.Contains(order.Point))
        {
            _order = null;
            _struck[instance]++;
            if (order.Kind is not FaultKind.SlowLink) _generation++;
            if (order.Kind == FaultKind.Kill) _ = _struck.Remove(instance);
        }

        return _struck.TryGetValue(instanceId, out int struck)
            ? Task.FromResult(new WorkerStatus { InstanceId = instanceId, Phase = WorkerPhase.Running, FaultsStruck = struck })
            : Task.FromException<WorkerStatus>(new InstanceGoneException($"Instance {instanceId} is gone."));
    }

    public override Task<FleetSnapshot> GetFleetAsync(string fleet = ParcaeNames.DefaultFleet, CancellationToken cancellation = default) => Task.FromResult(new FleetSnapshot
    {
        LastSequence = 1,
        Instances = [.. _struck.Keys.Select(Record)],
        Intervals = [],
        IntervalLength = TimeSpan.FromMinutes(1),
    });

    private static InstanceRecord Record(string id) => new()
    {
        Info = new InstanceInfo
        {
            Id = id,
            Role = id == "vault" ? InstanceRole.Vault : InstanceRole.Worker,
            Silo = null!,
            DataPlane = new PeerEndpoint(id, "127.0.0.1", 1),
        },
        Phase = id == "c" ? InstancePhase.Draining : InstancePhase.Assigned,
    };
}
