using System.Diagnostics;
using Microsoft.Extensions.Logging;
using Parcae.GpuWorker.Data;
using Parcae.GpuWorker.Faults;
using Parcae.GpuWorker.Models;
using Parcae.GpuWorker.Numerics;
using Parcae.GpuWorker.Shadows;
using Parcae.GpuWorker.Transport;
using Parcae.Grains;

namespace Parcae.GpuWorker.Pipeline;

/// <summary>
/// One generation's training on one replica: a thread that runs steps until the last one, until all agree to stop at a boundary, until it is told to stop
/// at once, or until a peer is lost.
/// </summary>
internal sealed partial class GenerationRun
{
    // Steps' gradients that may wait for the vault, however large they are, before it is cut off.
    private const int VaultSteps = 2;

    // At a boundary: for what the vault has yet to take. With what closing a connection may take, the most that a slow vault costs a halt.
    private static readonly TimeSpan FlushPatience = TimeSpan.FromSeconds(1);

    private readonly GenerationPlan _plan;
    private readonly JobSpec _spec;
    private readonly Place _place;
    private readonly IStagedModel _model;
    private readonly LayerState[] _layers;
    private readonly IBatchSource _batches;
    private readonly Mesh _mesh;
    private readonly StepLog _log;
    private readonly ShadowFeeds _feeds;
    private readonly FaultInjector _faults;
    private readonly ILogger _logger;
    private readonly TaskCompletionSource _connected = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly TaskCompletionSource _ended = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly List<(string Peer, bool Refused, string Message)> _broken = [];
    private ReducedGradients? _reduced;
    private volatile bool _stopAtBoundary;
    private volatile bool _aborted;

    public GenerationRun(
        GenerationPlan plan, JobSpec spec, Place place, IStagedModel model, LayerState[] layers, IBatchSource batches, Mesh mesh, StepLog log, ShadowFeeds feeds, FaultInjector faults, ILogger logger)
    {
        (_plan, _spec, _place, _model, _layers, _batches, _mesh, _log, _feeds, _faults, _logger) = (plan, spec, place, model, layers, batches, mesh, log, feeds, faults, logger);
    }

    public int Generation => _plan.Generation;

    public int StartStep => _plan.StartStep;

    /// <summary>What the training thread spends its time on.</summary>
    public StepClock Clock { get; } = new();

    /// <summary>The clock's counters, for the job.</summary>
    public StageTiming Timing => new(_place.Stage, Clock.Steps, Clock.Busy, Clock.PipelineWait, Clock.ReduceWait, Clock.BarrierWait);

    /// <summary>Those who follow this replica's layers.</summary>
    public ShadowFeeds Feeds => _feeds;

    /// <summary>Completes when every peer is connected, or the run has ended without that.</summary>
    public Task Connected => _connected.Task;

    /// <summary>Completes when the thread touches nothing any more. Faults only on a bug.</summary>
    public Task Ended => _ended.Task;

    public bool HasEnded => _ended.Task.IsCompleted;

    /// <summary>What a thread of it that seems to hang amounts to, or null; it is not over then, whatever it was told.</summary>
    public string? Stall => !HasEnded && _mesh.Stalled is { } limit ? $"training has not got on for {limit.TotalSeconds:0.#} s" : null;

    /// <summary>Peers whose connection broke, with what was seen.</summary>
    public IReadOnlyList<(string Peer, bool Refused, string Message)> Broken
    {
        get { lock (_broken) return [.. _broken]; }
    }

    public string[] BrokenPeers => [.. Broken.Select(b => b.Peer)];

    public void Start() => new Thread(Run) { IsBackground = true, Name = $"train-{_plan.JobId}-{_plan.Generation}" }.Start();

    public void Stop(HaltMode mode)
    {
        if (mode == HaltMode.AtBoundary)
        {
            _stopAtBoundary = true;
            return;
        }
        _aborted = true;
        _mesh.Dispose();
    }

    /// <summary>The reduced gradients of the step that was abandoned after its all-reduce, handed over once; null when there are none. Only after <see cref="Ended"/>.</summary>
    public ReducedGradients? TakeReducedGradients() => Interlocked.Exchange(ref _reduced, null);

    private void Run()
    {
        try
        {
            Connect();
            Train();
        }
        catch (PeerLostException e)
        {
            if (!_aborted) NoteBroken(e);
        }
        catch (MeshBrokenException)
        {
            // This side was told to stop, or a peer was: whoever told it will tell the rest.
        }
        catch (Exception e)
        {
            // A bug or a broken machine: this replica is out, its peers and its job are told by the closed connections and the report.
            LogFailed(e, _plan.JobId, _plan.Generation);
            lock (_broken) _broken.Add((_place.Peer.InstanceId, false, $"{e.GetType().Name}: {e.Message}"));
        }
        finally
        {
            ThreadWatch.End();
            _mesh.Dispose();
            _feeds.Dispose();
            _connected.TrySetResult();
            _ended.TrySetResult();
        }
    }

    private void Connect()
    {
        var peers = _plan.Places.Where(p => p != _place && (p.Pipeline == _place.Pipeline || p.Stage == _place.Stage)).Select(p => p.Peer);
        var vault = _plan.FedBy(_place)
            .Select(s => new MeshPeer(s.Peer, Optional: true, VaultSteps * _layers.Where(l => s.Layers.Contains(l.Layer)).Sum(l => l.Layout.Length * sizeof(float))));
        _mesh.Connect([.. peers.Select(p => new MeshPeer(p)), .. vault], CancellationToken.None);
        _connected.TrySetResult();
    }

    private void Train()
    {
        var watch = new ThreadWatch();
        _mesh.Watch(watch);
        watch.Begin();
        using var step = new TrainingStep(_plan, _spec, _place, _model, _layers, _batches, _mesh, Clock, _faults);
        try
        {
            for (int s = _plan.StartStep; s != _spec.Training.Steps; s++)
            {
                if (Train(step, s)) break;
            }
        }
        catch
        {
            // Wakes whatever else of the step waits for peers, before its buffers are freed.
            _mesh.Dispose();
            throw;
        }
        _mesh.Flush(FlushPatience);
    }

    /// <summary>Trains one step; whether it was the last one that was asked for.</summary>
    private bool Train(TrainingStep step, int number)
    {
        long start = Stopwatch.GetTimestamp();
        step.ComputeAndReduce(number);
        var (result, stop) = PassBarrier(step);
        result = result with { Seconds = Stopwatch.GetElapsedTime(start).TotalSeconds };
        _faults.Pass(FaultPoint.AfterNormBeforeStep);
        _feeds.Apply(result, step.Reduced.Flat, () => step.Apply(result));
        _faults.Pass(FaultPoint.AfterStepBeforeReport);
        _log.Add(result);
        step.SendToVault(result);
        Clock.AddStep(start);
        if (!result.Skipped) return stop;
        LogSkipped(_plan.JobId, number, result.GradientNorm);
        return stop;
    }

    private (StepResult Result, bool Stop) PassBarrier(TrainingStep step)
    {
        try
        {
            return step.PassBarrier(_stopAtBoundary);
        }
        catch (MeshBrokenException)
        {
            // All reduced, not known to be committed: this replica can finish the step once somebody tells the norm.
            _reduced = step.Reduced.Copy();
            throw;
        }
    }

    private void NoteBroken(PeerLostException e)
    {
        LogLost(_plan.JobId, _plan.Generation, e.PeerInstanceId, e.Message);
        lock (_broken) _broken.Add((e.PeerInstanceId, e.Refused, e.Message));
    }

    [LoggerMessage(Level = LogLevel.Warning, Message = "Job {JobId}, generation {Generation}: lost {Peer}: {Reason}")]
    private partial void LogLost(string jobId, int generation, string peer, string reason);

    [LoggerMessage(Level = LogLevel.Warning, Message = "Job {JobId}: step {Step} was skipped, its gradient norm is {Norm}.")]
    private partial void LogSkipped(string jobId, int step, double norm);

    [LoggerMessage(Level = LogLevel.Error, Message = "Job {JobId}, generation {Generation}: training failed on this replica.")]
    private partial void LogFailed(Exception e, string jobId, int generation);
}
