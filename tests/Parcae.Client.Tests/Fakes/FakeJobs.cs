using System.IO.Hashing;
using System.Net;
using System.Runtime.CompilerServices;

using Orleans.Runtime;

using Parcae.Grains;

namespace Parcae.Client.Tests.Fakes;

/// <summary>A service with one made-up job in the middle of its life: whatever can be asked about it is answered, and what is told it is kept.</summary>
internal sealed class FakeJobs : UnaskedClient
{
    public const string JobId = "demo-12ab34cd";

    private readonly FakeRun _run = new();
    private readonly Dictionary<string, JobSpec> _submitted = [];

    public FakeJobs()
    {
        Status = _run.SnapshotAt(20).Status! with
        {
            JobId = JobId,
            Model = "GPT, made up",
            Parameters = 1_260_000,
            Share = 6,
            CostUsd = 0.25,
            Vault = new VaultStatus(["vault-1"], 40, 0, 25, null),
            Ledger = new JobLedger { SamplesCommitted = 640 },
        };
        History = _run.History with { SubmittedAt = FakeRun.Begin, At = FakeRun.Begin.AddSeconds(60) };
        string[] workers = [.. Status.Plan!.Places.Select(p => p.Peer.InstanceId), .. Status.Spares];
        Fleet = new FleetSnapshot
        {
            LastSequence = 3,
            Instances = [.. workers.Select((id, i) => Record(id, InstanceRole.Worker, i == 0 ? InstancePhase.Draining : InstancePhase.Assigned)), Record("vault-1", InstanceRole.Vault, InstancePhase.Ready)],
            Intervals = [.. History.Intervals.Take(21).Select(i => new AvailabilityInterval(i.Available, 0, 0))],
            IntervalLength = TimeSpan.FromSeconds(3),
            Shares = new Dictionary<string, int> { [JobId] = 6 },
        };
    }

    public JobStatus Status { get; set; }

    public JobHistory History { get; set; }

    public FleetSnapshot Fleet { get; set; }

    public JobEvent[] Events { get; set; } =
    [
        new(1, FakeRun.Begin, "submitted"), new(2, FakeRun.Begin.AddSeconds(2), "i-0001 describes the model: GPT, made up"), new(3, FakeRun.Begin.AddSeconds(3), "generation 1: 2 x 3 from step 0 [first]"),
    ];

    public AvailabilityEvent[] Log { get; set; } =
    [
        Happened(1, AvailabilityKind.Joined, "i-0001", 1, false), Happened(2, AvailabilityKind.Noticed, "i-0001", 9, false), Happened(3, AvailabilityKind.Lost, "i-0001", 12, true), Happened(4, AvailabilityKind.Lost, "i-0002", 15, false),
    ];

    public PlanPreview Preview { get; set; } = new()
    {
        Feasible = true,
        Reason = "the best over 12 intervals",
        Pipelines = 2,
        Depth = 2,
        Liveput = 40.5,
        Usable = 6,
        Free = 4,
        OtherJobs = 1,
        Instances = 4,
        MinInstances = 2,
        UsdPerHour = 3.672,
        Model = "GPT, made up",
        Parameters = 1_260_000,
        Basis = "i-0001 describes the model; layer times are measured there",
        ForecastNext = 5.5,
    };

    public byte[] Checkpoint { get; } = [.. Enumerable.Range(0, 3_000_000).Select(i => (byte)(i * 31 + i / 999))];

    /// <summary>What was told it, in order.</summary>
    public List<string> Calls { get; } = [];

    /// <summary>What a piece of a checkpoint becomes on its way.</summary>
    public Func<long, CheckpointPiece, CheckpointPiece> OnTheWay { get; set; } = (_, piece) => piece;

    public JobSpec Submitted(string id) => _submitted[id];

    public override Task<PlanPreview> PreviewAsync(JobSpec spec, CancellationToken cancellation = default) => Task.FromResult(Preview);

    public override Task<string> SubmitAsync(JobSpec spec, string? jobId = null, CancellationToken cancellation = default)
    {
        _submitted[jobId ?? JobId] = spec;
        return Task.FromResult(jobId ?? JobId);
    }

    public override Task<JobStatus> GetStatusAsync(string jobId, CancellationToken cancellation = default) =>
        jobId == JobId || _submitted.ContainsKey(jobId) ? Task.FromResult(Status with { JobId = jobId }) : Task.FromException<JobStatus>(new KeyNotFoundException($"There is no job '{jobId}'."));

    public override Task<JobHistory> GetHistoryAsync(string jobId, int fromStep = 0, CancellationToken cancellation = default) =>
        Task.FromResult(History with { Steps = [.. History.Steps.Where(s => s.Step >= fromStep)] });

    public override Task<JobEvent[]> GetEventsAsync(string jobId, long afterSequence = 0, CancellationToken cancellation = default) => Task.FromResult(Events.Where(e => e.Sequence > afterSequence).ToArray());

    public override async IAsyncEnumerable<JobUpdate> WatchAsync(string jobId, WatchOptions? options = null, [EnumeratorCancellation] CancellationToken cancellation = default)
    {
        var from = options ?? new WatchOptions();
        var status = Status with { JobId = jobId };
        yield return new JobUpdate { Status = status, Events = Events, Steps = from.Steps ? [.. History.Steps.Where(s => s.Step >= from.FromStep).Take(status.CommittedStep)] : [] };
        from.Interrupted?.Invoke(new TimeoutException("away"));
        await Task.Yield();
        yield return new JobUpdate { Status = status with { Phase = JobPhase.Completed }, Events = [new JobEvent(4, FakeRun.Begin.AddSeconds(60), "completed")] };
    }

    public override Task PauseAsync(string jobId, CancellationToken cancellation = default) => Told($"pause {jobId}");

    public override Task ResumeAsync(string jobId, CancellationToken cancellation = default) => Told($"resume {jobId}");

    public override Task CancelAsync(string jobId, CancellationToken cancellation = default) => Told($"cancel {jobId}");

    public override Task NoticeAsync(string instanceId, TimeSpan remaining, string reason, string fleet = ParcaeNames.DefaultFleet, CancellationToken cancellation = default) =>
        Told($"notice {instanceId} {remaining.TotalSeconds} {reason} {fleet}");

    public override Task<string[]> ListJobsAsync(string fleet = ParcaeNames.DefaultFleet, CancellationToken cancellation = default) => Task.FromResult<string[]>([JobId]);

    public override Task<FleetSnapshot> GetFleetAsync(string fleet = ParcaeNames.DefaultFleet, CancellationToken cancellation = default) => Task.FromResult(Fleet);

    public override Task<AvailabilityEvent[]> GetFleetEventsAsync(string fleet = ParcaeNames.DefaultFleet, long afterSequence = 0, int max = 10_000, CancellationToken cancellation = default) => Task.FromResult(Log);

    public override Task<JobCheckpoint[]> GetCheckpointsAsync(string jobId, CancellationToken cancellation = default) =>
        Task.FromResult<JobCheckpoint[]>([new(25, 10, FakeRun.Begin, "vault-1"), new(50, Checkpoint.Length, FakeRun.Begin.AddSeconds(30), "vault-1")]);

    public override Task<CheckpointPiece> ReadCheckpointAsync(string jobId, JobCheckpoint checkpoint, long offset, int count, CancellationToken cancellation = default)
    {
        cancellation.ThrowIfCancellationRequested();
        Calls.Add($"read {checkpoint.Step} {offset}");
        byte[] data = Checkpoint[(int)offset..(int)Math.Min(offset + count, Checkpoint.Length)];
        return Task.FromResult(OnTheWay(offset, new CheckpointPiece(data, Convert.ToHexStringLower(XxHash128.Hash(data)), checkpoint.Bytes, checkpoint.WrittenAt)));
    }

    private static InstanceRecord Record(string id, InstanceRole role, InstancePhase phase) => new()
    {
        Info = new InstanceInfo { Id = id, Role = role, Silo = SiloAddress.New(IPAddress.Loopback, 1, 1), DataPlane = new PeerEndpoint(id, "127.0.0.1", 7001, 3), Zone = "a" },
        Phase = phase,
        JobId = phase == InstancePhase.Ready ? null : JobId,
        Deadline = phase == InstancePhase.Draining ? FakeRun.Begin.AddSeconds(70) : null,
        JoinedAt = FakeRun.Begin,
        PhaseSince = FakeRun.Begin,
    };

    private static AvailabilityEvent Happened(long sequence, AvailabilityKind kind, string id, double seconds, bool announced) => new()
    {
        Sequence = sequence,
        Kind = kind,
        InstanceId = id,
        Role = InstanceRole.Worker,
        At = FakeRun.Begin.AddSeconds(seconds),
        Announced = announced,
        Deadline = kind == AvailabilityKind.Noticed ? FakeRun.Begin.AddSeconds(seconds + 3) : null,
    };

    private Task Told(string what)
    {
        Calls.Add(what);
        return Task.CompletedTask;
    }
}
