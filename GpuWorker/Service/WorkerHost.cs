using System.Collections.Concurrent;
using System.Net;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using Parcae.GpuWorker.Checkpoints;
using Parcae.GpuWorker.Faults;
using Parcae.GpuWorker.Native;
using Parcae.GpuWorker.Pipeline;
using Parcae.GpuWorker.Profiling;
using Parcae.GpuWorker.Shadows;
using Parcae.GpuWorker.Transport;
using Parcae.Grains;
using Parcae.Grains.Security;

namespace Parcae.GpuWorker.Service;

/// <summary>Everything of the GPU worker in one process: its data plane and its part in each job. Knows nothing of grains.</summary>
internal sealed partial class WorkerHost : IGpuWorker, IWorkerOccupation, IHostedInstance, IAsyncDisposable
{
    private readonly GpuWorkerOptions _options;
    private readonly IJobReporter _reporter;
    private readonly ILoggerFactory _loggers;
    private readonly TorchSharp.torch.Device _device;
    private readonly ConcurrentDictionary<string, IJobParticipant> _jobs = new();
    private readonly SemaphoreSlim _describing = new(1, 1);
    private readonly ILogger<WorkerHost> _logger;
    private readonly CheckpointBucket? _bucket;

    public WorkerHost(IOptions<GpuWorkerOptions> options, IJobReporter reporter, ILoggerFactory loggers, ServiceSecret? secret = null, MutualTls? tls = null)
    {
        _options = options.Value;
        if (!(secret ?? ServiceSecret.ThisMachine).Allows(_options.Host))
            throw new InvalidOperationException($"Host is {_options.Host}, and the service has no secret: peers on other machines are let in only with one, the same on all silos.");
        _reporter = reporter;
        _loggers = loggers;
        _logger = loggers.CreateLogger<WorkerHost>();
        TorchNative.EnsureLoaded();
        TorchSharp.torch.set_num_threads(_options.TorchThreads);
        _device = ComputeDevice.Choose(_options.Role == InstanceRole.Vault ? "cpu" : _options.Device);
        // Reached from this machine only, or from anywhere.
        string bind = IPAddress.TryParse(_options.Host, out var host) && IPAddress.IsLoopback(host) ? _options.Host : "0.0.0.0";
        DataPlane = DataPlane.Listen(
            new DataPlaneOptions
            {
                BindAddress = bind,
                Port = _options.Port,
                HeartbeatTimeout = TimeSpan.FromSeconds(_options.HeartbeatSeconds),
                ConnectTimeout = 2 * TimeSpan.FromSeconds(_options.HeartbeatSeconds),
                StallTimeout = TimeSpan.FromSeconds(_options.StallSeconds),
                Tls = tls,
                Secret = secret ?? ServiceSecret.ThisMachine,
            },
            _options.InstanceId, loggers.CreateLogger<DataPlane>());
        if (_options is { Role: InstanceRole.Vault, CheckpointBucket: not null }) _bucket = new CheckpointBucket(_options, loggers.CreateLogger<CheckpointBucket>());
        Faults = new FaultInjector(_options.Faults, DataPlane);
        if (_options.Faults) DataPlane.MidTransfer = wire => Faults.Pass(FaultPoint.MidTransfer, wire);
    }

    public DataPlane DataPlane { get; }

    /// <summary>What this worker computes on.</summary>
    public TorchSharp.torch.Device Device => _device;

    /// <summary>Carries faults out.</summary>
    public FaultInjector Faults { get; }

    public string InstanceId => _options.InstanceId;

    public InstanceRole Role => _options.Role;

    /// <summary>Its settings.</summary>
    public GpuWorkerOptions Options => _options;

    public bool HasJoined { get; set; }

    public string? Hang => _jobs.Values.Select(p => p.Hang).FirstOrDefault(h => h is not null);

    public bool IsIdle => _jobs.Values.All(p => p.Status().Phase == WorkerPhase.Idle);

    public PeerEndpoint Endpoint => new(_options.InstanceId, _options.Host, DataPlane.Port);

    // Joining the fleet comes first: then nobody can call.
    public Task<PrepareReport> Prepare(PrepareCommand command)
    {
        JobFiles.Check(command.Spec, _options.DataFolders);
        return Participant(command.Plan.JobId).PrepareAsync(command);
    }

    public Task<ShadowReport> Shadow(ShadowCommand command)
    {
        JobFiles.Check(command.Spec, _options.DataFolders);
        return Participant(command.JobId).ShadowAsync(command);
    }

    public Task Switch(SwitchCommand command) => Participant(command.JobId).SwitchAsync(command);

    public Task<HaltReport> Halt(HaltCommand command) => Participant(command.JobId).HaltAsync(command);

    public Task<WorkerStatus> WorkerStatus(string jobId) => Task.FromResult((
        _jobs.TryGetValue(jobId, out var participant)
            ? participant.Status()
            : new WorkerStatus { InstanceId = _options.InstanceId, Phase = WorkerPhase.Idle }) with
    { FaultsStruck = Faults.StruckCount });

    public async Task<ModelOutline> Describe(JobSpec spec)
    {
        JobFiles.Check(spec, _options.DataFolders);
        // One at a time, or they would measure each other; on a thread of its own, as it computes for seconds.
        await _describing.WaitAsync();
        try
        {
            return await Task.Factory.StartNew(() => ModelDescriber.Describe(spec, device: _device), CancellationToken.None, TaskCreationOptions.LongRunning, TaskScheduler.Default);
        }
        finally
        {
            _describing.Release();
        }
    }

    public Task Inject(FaultOrder? order)
    {
        Faults.Arm(order);
        return Task.CompletedTask;
    }

    public Task Vanish(VanishOrder order)
    {
        if (order.Problem() is { } problem) throw new ArgumentException($"{_options.InstanceId} cannot vanish: {problem}.", nameof(order));
        if (_options.Role != InstanceRole.Worker) throw new InvalidOperationException($"{_options.InstanceId} is no worker: a replay takes only workers away.");
        if (_options.Vanish is not { } vanish) throw new InvalidOperationException($"{_options.InstanceId} takes part in no replay; start it with --allow-replay true where that is wanted.");
        if (order.Away > TimeSpan.Zero) vanish(order);
        return Task.CompletedTask;
    }

    public Task<int> Checkpoint(string jobId) => Participant(jobId).CheckpointAsync();

    public Task<JobCheckpoint[]> Checkpoints(string jobId) =>
        _options.Role == InstanceRole.Vault ? CheckpointShelf.ListAsync(new CheckpointStore(_options.CheckpointFolder, jobId), _bucket?.Of(jobId), InstanceId) : Task.FromResult<JobCheckpoint[]>([]);

    public Task<CheckpointPiece> ReadCheckpoint(string jobId, int step, long offset, int count) =>
        CheckpointShelf.ReadAsync(new CheckpointStore(_options.CheckpointFolder, jobId), _bucket?.Of(jobId), step, offset, count);

    public async Task Release(string jobId, int generation)
    {
        if (!_jobs.TryGetValue(jobId, out var participant)) return;
        participant.Close(generation);
        _jobs.TryRemove(new KeyValuePair<string, IJobParticipant>(jobId, participant));
        await participant.DisposeAsync();
        HostMemory.GiveBack();
    }

    public async Task<IReadOnlyList<string>> SecureAsync()
    {
        var said = new List<string>();
        foreach (var (jobId, participant) in _jobs)
        {
            try
            {
                if (await participant.SecureAsync() is { } version) said.Add($"job {jobId}: checkpoint of step {version}");
            }
            catch (Exception e)
            {
                // The others' checkpoints are as good as before, and so is this job's last one.
                LogNotSecured(e, jobId);
            }
        }

        return said;
    }

    public Task SettleUploadsAsync() => _bucket?.Uploads.SettleAsync() ?? Task.CompletedTask;

    public string? MissingUploads => _bucket?.Uploads.Missing;

    public async ValueTask DisposeAsync()
    {
        Faults.Dispose();
        foreach (string jobId in _jobs.Keys) await Release(jobId, int.MaxValue);
        if (_bucket is not null) await _bucket.DisposeAsync();
        await DataPlane.DisposeAsync();
    }

    private IJobParticipant Participant(string jobId) => _jobs.GetOrAdd(jobId, id => _options.Role == InstanceRole.Vault
        ? new StateVault(id, _options, DataPlane, Faults, _loggers.CreateLogger<StateVault>(), _bucket)
        : new StageWorker(id, _options.InstanceId, DataPlane, _device, _reporter, Faults, _loggers.CreateLogger<StageWorker>()));

    [LoggerMessage(Level = LogLevel.Warning, Message = "Job {JobId}: its last checkpoint could not be written before the end of this process.")]
    private partial void LogNotSecured(Exception e, string jobId);
}
