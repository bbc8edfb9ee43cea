using Parcae.GpuWorker.Collectives;
using Parcae.GpuWorker.Data;
using Parcae.GpuWorker.Models;
using Parcae.GpuWorker.Numerics;
using Parcae.GpuWorker.Transport;
using Parcae.Grains;
using static TorchSharp.torch;

namespace Parcae.GpuWorker.Pipeline;

/// <summary>
/// The step of one replica, phase by phase: 1F1B over its micro-batches, all-reduce over the replicas of its stage, commit barrier, optimizer.
/// Buffers are kept from step to step.
/// </summary>
internal sealed class TrainingStep : IDisposable
{
    private readonly GenerationPlan _plan;
    private readonly JobSpec _spec;
    private readonly Place _place;
    private readonly LayerRange _stage;
    private readonly LayerState[] _states;
    private readonly IBatchSource _batches;
    private readonly Mesh _mesh;
    private readonly StageCompute _compute;
    private readonly TreeSink _sink;
    private readonly IReadOnlyList<TiedPair> _ties;
    private readonly IStagedModel _model;
    private readonly TreeAllReduce _allReduce;
    private readonly Tensor _reduced;
    private readonly string[] _replicas;
    private readonly string[] _members;
    private readonly (int From, int To) _block;
    private readonly double[] _losses;

    private int _step;
    private ulong _checksum;
    private int _samples;

    public TrainingStep(GenerationPlan plan, JobSpec spec, Place place, IStagedModel model, LayerState[] states, IBatchSource batches, Mesh mesh)
    {
        (_plan, _spec, _place, _model, _states, _batches, _mesh) = (plan, spec, place, model, states, batches, mesh);
        _ties = TiedPair.Of(model);
        _stage = plan.Stages[place.Stage];
        _block = GenerationPlan.Block(spec.Training.MicroBatches, plan.Pipelines, place.Pipeline);
        _losses = new double[IsLast ? _block.To - _block.From : 0];
        _compute = new StageCompute(model, _stage, states, spec.Training);
        long length = states.Sum(s => s.Layout.Length);
        _reduced = empty(length).DetachFromDisposeScope();
        _sink = new TreeSink(states.Select(s => s.Layout), _block, spec.Training.MicroBatches);
        _replicas = [.. plan.Places.Where(p => p.Stage == place.Stage).OrderBy(p => p.Pipeline).Select(p => p.Peer.InstanceId)];
        _members = [.. plan.Places.Where(p => p.Pipeline == place.Pipeline).OrderBy(p => p.Stage).Select(p => p.Peer.InstanceId)];
        _allReduce = new TreeAllReduce(mesh, _replicas, place.Pipeline, spec.Training.MicroBatches);
    }

    private bool IsFirst => _place.Stage == 0;

    private bool IsLast => _place.Stage == _plan.Depth - 1;

    /// <summary>The reduced gradients after <see cref="ComputeAndReduce"/>, in buffers of their own.</summary>
    public ReducedGradients CloneReduced() => new(_step, _stage, _reduced.clone().DetachFromDisposeScope());

    /// <summary>Forward and backward passes and the all-reduce.</summary>
    /// <exception cref="MeshBrokenException">A peer is lost: the step is to be abandoned.</exception>
    public void ComputeAndReduce(int step)
    {
        using var scope = NewDisposeScope();
        (_step, _checksum, _samples) = (step, 0, 0);
        _sink.Clear();
        foreach (var action in PipelineSchedule.OneForwardOneBackward(_plan.Depth, _place.Stage, _block.From, _block.To))
        {
            using var pass = NewDisposeScope();
            if (action.IsForward) Forward(action.MicroBatch);
            else Backward(action.MicroBatch);
        }
        int at = 0;
        foreach (var state in _states)
        {
            int length = (int)state.Layout.Length;
            _allReduce.Run(step, state.Layer, [.. _sink.Tree(state.Layer).Nodes.Select(n => n.Flat.Floats())], _reduced.Floats().Slice(at, length));
            at += length;
        }
    }

    /// <summary>Exchanges what the step needs to count: past this, every replica of every stage has its reduced gradients.</summary>
    /// <param name="stop">Whether this replica was asked to stop after the step.</param>
    /// <returns>The step's result without its duration, and whether anyone was asked to stop.</returns>
    public (StepResult Result, bool Stop) PassBarrier(bool stop)
    {
        var own = new BarrierMessage
        {
            Stop = stop,
            DataChecksum = _checksum,
            Samples = _samples,
            FirstMicroBatch = _block.From,
            Losses = _losses,
            LayerSquares = LayerSquares(),
        };
        var stage = BarrierMessage.MergeStage(Exchange(FrameKind.StageBarrier, _replicas, _place.Pipeline, own));
        var all = Exchange(FrameKind.PipelineBarrier, _members, _place.Stage, stage);

        // In layer and micro-batch order, in float64: the same sums under every plan.
        double loss = all[^1].Losses.Aggregate(0.0, (sum, l) => sum + l) / _spec.Training.MicroBatches;
        return (new StepResult(_step, loss, Norms.Global(all.SelectMany(m => m.LayerSquares)), all[0].DataChecksum, all[0].Samples, 0), all.Any(m => m.Stop));
    }

    /// <summary>Applies the optimizer to the stage's layers.</summary>
    public void Apply(StepResult result) => new ReducedGradients(_step, _stage, _reduced).Apply(_states, result, _spec.Training);

    /// <summary>The first pipeline's replicas pass the reduced gradients on to the state vault.</summary>
    public void SendToVault(StepResult result)
    {
        if (_plan.Vault is not { } vault || _place.Pipeline != 0) return;
        int at = 0;
        var flat = _reduced.Bytes();
        foreach (var state in _states)
        {
            int bytes = checked((int)state.Layout.Length * sizeof(float));
            _mesh.Send(vault.InstanceId, new FrameKey(FrameKind.VaultGradient, _step, state.Layer), flat.Span.Slice(at, bytes));
            at += bytes;
        }
        if (IsFirst) _mesh.Send(vault.InstanceId, new FrameKey(FrameKind.VaultStep, _step, 0), StepResultCodec.ToBytes(result));
    }

    public void Dispose()
    {
        _compute.Dispose();
        _sink.Dispose();
        _reduced.Dispose();
    }

    private void Forward(int microBatch)
    {
        using var batch = IsFirst || IsLast ? _batches.MicroBatch(_step, microBatch) : null;
        if (IsFirst)
        {
            _checksum = unchecked(_checksum + batch!.Checksum);
            _samples += batch.Samples;
        }
        var input = IsFirst ? batch!.Inputs : ReceiveTensor(_members[_place.Stage - 1], new FrameKey(FrameKind.Activation, _step, microBatch));
        var output = _compute.Forward(_step, microBatch, input, IsLast ? batch!.Targets : null);
        if (output.Output is not { } activation)
        {
            _losses[microBatch - _block.From] = output.Loss;
            return;
        }
        _mesh.Send(_members[_place.Stage + 1], new FrameKey(FrameKind.Activation, _step, microBatch), activation.Bytes().Span);
    }

    private void Backward(int microBatch)
    {
        var outputGradient = IsLast ? null : ReceiveTensor(_members[_place.Stage + 1], new FrameKey(FrameKind.Gradient, _step, microBatch));
        var inputGradient = _compute.Backward(microBatch, outputGradient, _sink);
        if (inputGradient is not null)
            _mesh.Send(_members[_place.Stage - 1], new FrameKey(FrameKind.Gradient, _step, microBatch), inputGradient.Bytes().Span);
    }

    private double[] LayerSquares()
    {
        var squares = new double[_states.Length];
        var flat = _reduced.Floats();
        for (int i = 0, at = 0; i < squares.Length; at += (int)_states[i].Layout.Length, i++)
            squares[i] = Norms.SumOfSquares(_states[i].Layout, flat.Span.Slice(at, (int)_states[i].Layout.Length), _spec.Training.MicroBatches);
        return squares;
    }

    /// <summary>float32 <c>[microBatch, sequence, hidden]</c> from a neighbour.</summary>
    private Tensor ReceiveTensor(string peer, FrameKey key)
    {
        var tensor = empty([_spec.Training.MicroBatchSize, .. _model.OutputShape(key.Kind == FrameKind.Activation ? _stage.First - 1 : _stage.End - 1)]);
        using var frame = _mesh.Receive(peer, key);
        var destination = tensor.Bytes().Span;
        if (frame.Length != destination.Length) throw new InvalidDataException($"{key} from {peer} has {frame.Length} bytes, {destination.Length} were expected.");
        frame.Span.CopyTo(destination);
        return tensor;
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
