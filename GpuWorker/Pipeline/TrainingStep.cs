using Parcae.GpuWorker.Collectives;
using Parcae.GpuWorker.Data;
using Parcae.GpuWorker.Faults;
using Parcae.GpuWorker.Models;
using Parcae.GpuWorker.Numerics;
using Parcae.GpuWorker.Transport;
using Parcae.Grains;
using static TorchSharp.torch;

namespace Parcae.GpuWorker.Pipeline;

/// <summary>
/// The step of one replica, phase by phase: validation where it is due, the pipeline over its micro-batches with the all-reduce over the replicas of its stage
/// under way behind it, commit barrier, optimizer. Buffers are kept from step to step.
/// </summary>
internal sealed class TrainingStep : IDisposable
{
    private readonly GenerationPlan _plan;
    private readonly TrainingSpec _training;
    private readonly Place _place;
    private readonly LayerRange _stage;
    private readonly LayerState[] _states;
    private readonly IBatchSource _batches;
    private readonly Mesh _mesh;
    private readonly StepClock _clock;
    private readonly FaultInjector _faults;
    private readonly StageCompute _compute;
    private readonly TreeSink _sink;
    private readonly GradientReducer _reducer;
    private readonly Neighbours _neighbours;
    private readonly string[] _replicas;
    private readonly string[] _members;
    private readonly (int From, int To) _block;
    private readonly (int From, int To) _validationBlock;
    private readonly double[] _losses;
    private readonly double[] _validationLosses;
    private readonly DeferredWeights _deferred;
    private readonly VaultShard[] _fed;
    private readonly HostStaging _staging = new();

    private int _step;
    private ulong _checksum;
    private int _samples;
    private bool _validates;

    public TrainingStep(GenerationPlan plan, JobSpec spec, Place place, IStagedModel model, LayerState[] states, IBatchSource batches, Mesh mesh, StepClock clock, FaultInjector faults)
    {
        (_plan, _training, _place, _states, _batches, _mesh, _clock, _faults) = (plan, spec.Training, place, states, batches, mesh, clock, faults);
        _stage = plan.Stages[place.Stage];
        _block = GenerationPlan.Block(_training.MicroBatches, plan.Pipelines, place.Pipeline);
        _validationBlock = GenerationPlan.Block(_training.EvaluationBatches, plan.Pipelines, place.Pipeline);
        _losses = new double[IsLast ? _block.To - _block.From : 0];
        _validationLosses = new double[IsLast ? _validationBlock.To - _validationBlock.From : 0];
        _compute = new StageCompute(model, _stage, states, _training);
        _replicas = [.. plan.Places.Where(p => p.Stage == place.Stage).OrderBy(p => p.Pipeline).Select(p => p.Peer.InstanceId)];
        _members = [.. plan.Places.Where(p => p.Pipeline == place.Pipeline).OrderBy(p => p.Stage).Select(p => p.Peer.InstanceId)];
        _neighbours = new Neighbours(mesh, clock, model, _stage, _training.MicroBatchSize, states[0].Parameters.device,
            IsFirst ? null : _members[place.Stage - 1], IsLast ? null : _members[place.Stage + 1]);
        _sink = new TreeSink(states.Select(s => s.Layout), _block, _training.MicroBatches, states[0].Parameters.device, layer => _reducer!.Complete(_step, layer));
        var reducing = new ThreadWatch();
        mesh.Watch(reducing);
        var allReduce = plan.Pipelines == 1 ? null : AllReduces.Create(_training, mesh, _replicas, place.Pipeline, states[0].Parameters.device);
        _reducer = new GradientReducer(states, _sink, allReduce, new TiedExchange(TiedPair.Of(model), plan, place, mesh), _training.MicroBatches, reducing, faults);
        _fed = [.. plan.FedBy(place)];
        _deferred = new DeferredWeights(_training.PipelineSchedule == "1f1b" ? 0 : place.Stage);
    }

    private bool IsFirst => _place.Stage == 0;

    private bool IsLast => _place.Stage == _plan.Depth - 1;

    /// <summary>The reduced gradients after <see cref="ComputeAndReduce"/>, in the step's own buffers.</summary>
    public ReducedGradients Reduced => new(_step, _stage, _reducer.Reduced);

    /// <summary>Forward and backward passes and the all-reduce.</summary>
    /// <exception cref="MeshBrokenException">A peer is lost: the step is to be abandoned.</exception>
    public void ComputeAndReduce(int step)
    {
        using var scope = NewDisposeScope();
        (_step, _checksum, _samples) = (step, 0, 0);
        _sink.Clear();
        _validates = _training.EvaluateEvery > 0 && step % _training.EvaluateEvery == 0;
        if (_validates) Validate();
        foreach (var action in PipelineSchedule.OneForwardOneBackward(_plan.Depth, _place.Stage, _block.From, _block.To))
        {
            // Whoever is told to stop at once may have no peers to hear it from.
            _mesh.Check();
            ThreadWatch.SignOfLife();
            // A bubble is filled with the weight gradients of micro-batches that have gone by.
            while (_deferred.ShouldRun(() => IsReady(action))) RunDeferred();
            using var pass = NewDisposeScope();
            if (action.IsForward) Forward(action.MicroBatch);
            else Backward(action.MicroBatch);
        }

        while (_deferred.Any) RunDeferred();
        using (_clock.Reduce()) _reducer.Wait(step);
    }

    /// <summary>Exchanges what the step needs to count: past this, every replica of every stage has its reduced gradients.</summary>
    /// <param name="stop">Whether this replica was asked to stop after the step.</param>
    /// <returns>The step's result without its duration, and whether anyone was asked to stop.</returns>
    public (StepResult Result, bool Stop) PassBarrier(bool stop)
    {
        using var wait = _clock.Barrier();
        var own = new BarrierMessage
        {
            Stop = stop,
            DataChecksum = _checksum,
            Samples = _samples,
            FirstMicroBatch = _block.From,
            Losses = _losses,
            LayerSquares = _reducer.LayerSquares,
            ValidationLosses = _validates ? _validationLosses : [],
        };
        var stage = BarrierMessage.MergeStage(Exchange(FrameKind.StageBarrier, _replicas, _place.Pipeline, own));
        var all = Exchange(FrameKind.PipelineBarrier, _members, _place.Stage, stage);

        // In layer and micro-batch order, in float64: the same sums under every plan.
        double loss = Sum(all[^1].Losses) / _training.MicroBatches;
        double? validation = _validates ? Sum(all[^1].ValidationLosses) / _training.EvaluationBatches : null;
        double norm = Norms.Global(all.SelectMany(m => m.LayerSquares));
        return (new StepResult(_step, loss, norm, all[0].DataChecksum, all[0].Samples, 0, validation), all.Any(m => m.Stop));
    }

    /// <summary>Applies the optimizer to the stage's layers.</summary>
    public void Apply(StepResult result) => Reduced.Apply(_states, result, _training);

    /// <summary>Passes the reduced gradients on to those shards of the state vault that this replica feeds.</summary>
    public void SendToVault(StepResult result)
    {
        if (_fed.Length == 0) return;
        for (int i = 0; i < _states.Length; i++)
        {
            var gradient = ReadOnlyMemory<byte>.Empty;
            foreach (var shard in _fed.Where(s => s.Layers.Contains(_states[i].Layer)))
            {
                if (gradient.IsEmpty) gradient = _staging.ReadBytes(_reducer.Reduced[i]);
                _mesh.Send(shard.Peer.InstanceId, new FrameKey(FrameKind.VaultGradient, _step, _states[i].Layer), gradient.Span);
            }
        }

        byte[] told = StepResultCodec.ToBytes(result);
        foreach (var shard in _fed) _mesh.Send(shard.Peer.InstanceId, new FrameKey(FrameKind.VaultStep, _step, 0), told);
    }

    public void Dispose()
    {
        _reducer.Dispose();
        _compute.Dispose();
        _sink.Dispose();
        _staging.Dispose();
        _neighbours.Dispose();
    }

    private static double Sum(double[] values) => values.Aggregate(0.0, (sum, value) => sum + value);

    private bool IsReady(PipelineAction action) => action.IsForward
        ? IsFirst || _neighbours.HasActivation(_step, action.MicroBatch)
        : IsLast || _neighbours.HasGradient(_step, action.MicroBatch);

    private void Forward(int microBatch)
    {
        _faults.Pass(FaultPoint.BeforeForward);
        using var batch = IsFirst || IsLast ? _batches.MicroBatch(_step, microBatch) : null;
        if (IsFirst)
        {
            _checksum = unchecked(_checksum + batch!.Checksum);
            _samples += batch.Samples;
        }

        var input = IsFirst ? _neighbours.ToDevice(batch!.Inputs) : _neighbours.ReceiveActivation(_step, microBatch);
        var output = _compute.Forward(_step, microBatch, input, IsLast ? _neighbours.ToDevice(batch!.Targets) : null);
        if (output.Output is { } activation) _neighbours.SendActivation(_step, microBatch, activation);
        else _losses[microBatch - _block.From] = output.Loss;
    }

    private void Backward(int microBatch)
    {
        var outputGradient = IsLast ? null : _neighbours.ReceiveGradient(_step, microBatch);
        bool split = _deferred.Splits;
        var inputGradient = _compute.Backward(microBatch, outputGradient, _sink, split);
        if (inputGradient is not null) _neighbours.SendGradient(_step, microBatch, inputGradient);
        if (split) _deferred.Add(microBatch);
        else _neighbours.Release(microBatch);
    }

    private void RunDeferred()
    {
        int microBatch = _deferred.Take();
        _compute.BackwardWeights(microBatch, _sink);
        _neighbours.Release(microBatch);
    }

    private void Validate()
    {
        for (int microBatch = _validationBlock.From; microBatch < _validationBlock.To; microBatch++)
        {
            using var scope = NewDisposeScope();
            using var batch = IsFirst || IsLast ? _batches.Validation(microBatch) : null;
            var input = IsFirst ? _neighbours.ToDevice(batch!.Inputs) : _neighbours.ReceiveValidation(_step, microBatch);
            var output = _compute.Evaluate(input, IsLast ? _neighbours.ToDevice(batch!.Targets) : null);
            if (output.Output is { } activation) _neighbours.SendValidation(_step, microBatch, activation);
            else _validationLosses[microBatch - _validationBlock.From] = output.Loss;
        }
    }

    private BarrierMessage[] Exchange(FrameKind kind, string[] peers, int self, BarrierMessage own)
    {
        var key = new FrameKey(kind, _step, 0);
        if (peers.Length > 1)
        {
            var bytes = own.ToBytes();
            for (int i = 0; i < peers.Length; i++)
            {
                if (i != self) _mesh.Send(peers[i], key, bytes);
            }
        }

        var all = new BarrierMessage[peers.Length];
        for (int i = 0; i < peers.Length; i++)
        {
            if (i == self)
            {
                all[i] = own;
                continue;
            }

            using var frame = _mesh.Receive(peers[i], key);
            all[i] = BarrierMessage.FromBytes(frame.Span);
        }

        return all;
    }
}
