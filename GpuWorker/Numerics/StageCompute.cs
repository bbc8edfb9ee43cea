using Parcae.GpuWorker.Models;
using Parcae.Grains;
using TorchSharp;
using static TorchSharp.torch;

namespace Parcae.GpuWorker.Numerics;

/// <summary>
/// Forward and backward passes of one stage. A boundary between stages detaches and hands the same bytes over, so the results do not depend on where the
/// model is cut. Several micro-batches may be between their forward and their backward pass.
/// </summary>
public sealed class StageCompute : IDisposable
{
    private readonly IStagedModel _model;
    private readonly IReadOnlyList<LayerState> _states;
    private readonly TrainingSpec _training;
    private readonly Tensor[][] _leaves;
    private readonly Dictionary<int, Pass> _passes = [];

    /// <summary>Prepares a stage.</summary>
    /// <param name="model">The model.</param>
    /// <param name="states">The stage's layers in order; their parameters are used where they lie.</param>
    /// <param name="training">Seed and size of the batches.</param>
    public StageCompute(IStagedModel model, IReadOnlyList<LayerState> states, TrainingSpec training)
    {
        ArgumentNullException.ThrowIfNull(states);
        (_model, _states, _training) = (model, states, training);
        using var scope = NewDisposeScope();
        // Leaves that share the flat storage: what the optimizer writes there, the next forward pass reads.
        _leaves = [.. states.Select(s => s.Layout.Views(s.Parameters).Select(v => v.detach().requires_grad_(true).DetachFromDisposeScope()).ToArray())];
    }

    // Held outside every DisposeScope: passes of several micro-batches overlap, scopes nest.
    private sealed record Pass(Tensor Input, Tensor Output) : IDisposable
    {
        public void Dispose()
        {
            Output.Dispose();
            Input.Dispose();
        }
    }

    /// <summary>Elements of the stage's gradient.</summary>
    public long GradientLength => _states.Sum(s => s.Layout.Length);

    /// <summary>Runs a stage that is not the last one.</summary>
    /// <param name="step">The step.</param>
    /// <param name="microBatch">Index in the global batch.</param>
    /// <param name="input">int64 tokens <c>[microBatch, sequence]</c> on the first stage, else float32 <c>[microBatch, sequence, hidden]</c>.</param>
    /// <returns>float32 <c>[microBatch, sequence, hidden]</c>, contiguous; valid until the micro-batch's backward pass.</returns>
    public Tensor Forward(int step, int microBatch, Tensor input) => Run(step, microBatch, input, null).Output.detach();

    /// <summary>Runs the last stage.</summary>
    /// <returns>Mean cross-entropy per token of the micro-batch.</returns>
    public double ForwardLoss(int step, int microBatch, Tensor input, Tensor targets) => Run(step, microBatch, input, targets).Output.item<double>();

    /// <summary>Runs the backward pass of a micro-batch and frees what was kept for it.</summary>
    /// <param name="microBatch">A micro-batch whose forward pass was run.</param>
    /// <param name="outputGradient">Gradient of the output, null on the last stage.</param>
    /// <param name="flatGradient">Receives the gradient of all the stage's layers, one after the other, float32 <c>[GradientLength]</c>.</param>
    /// <returns>Gradient of the input, or null on the first stage.</returns>
    public Tensor? Backward(int microBatch, Tensor? outputGradient, Tensor flatGradient)
    {
        if (!_passes.Remove(microBatch, out var pass)) throw new InvalidOperationException($"Micro-batch {microBatch} has had no forward pass here.");
        using var held = pass;
        using var scope = NewDisposeScope();
        if (outputGradient is null) pass.Output.backward();
        else pass.Output.backward([outputGradient]);

        using (no_grad())
        {
            long at = 0;
            foreach (var leaf in _leaves.SelectMany(l => l))
            {
                long length = leaf.numel();
                var target = flatGradient.narrow(0, at, length);
                var gradient = leaf.grad ?? throw new InvalidOperationException("A parameter received no gradient.");
                target.copy_(gradient.reshape(-1));
                leaf.grad = null;
                at += length;
            }
        }
        return pass.Input.requires_grad ? pass.Input.grad!.contiguous().MoveToOuterDisposeScope() : null;
    }

    /// <summary>Drops micro-batches whose backward pass never came: the step was abandoned.</summary>
    public void Reset()
    {
        foreach (var pass in _passes.Values) pass.Dispose();
        _passes.Clear();
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        Reset();
        foreach (var leaf in _leaves.SelectMany(l => l)) leaf.Dispose();
    }

    private Pass Run(int step, int microBatch, Tensor input, Tensor? targets)
    {
        if (_passes.ContainsKey(microBatch)) throw new InvalidOperationException($"Micro-batch {microBatch} is under way already.");
        using var scope = NewDisposeScope();
        var x = input.is_floating_point() ? input.detach().requires_grad_(true) : input.alias();
        var start = x;
        for (int i = 0; i < _states.Count; i++)
        {
            int layer = _states[i].Layer;
            using var dropout = new Dropout(_model.Spec.Dropout, _training.Seed, step, microBatch, layer);
            x = _model.Forward(layer, _leaves[i], x, dropout);
        }
        if (targets is not null) x = _model.Loss(x, targets);
        else x = x.contiguous();
        var pass = new Pass(start.DetachFromDisposeScope(), x.DetachFromDisposeScope());
        _passes.Add(microBatch, pass);
        return pass;
    }
}
