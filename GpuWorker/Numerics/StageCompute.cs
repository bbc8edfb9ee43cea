using Parcae.GpuWorker.Models;
using Parcae.Grains;
using static TorchSharp.torch;

namespace Parcae.GpuWorker.Numerics;

/// <summary>What a stage makes of a micro-batch.</summary>
/// <param name="Output">
/// The activations to send on, float32 <c>[microBatch, sequence, hidden]</c>, contiguous and detached; the caller disposes of them. Null on
/// the last stage.
/// </param>
/// <param name="Loss">Mean cross-entropy per token of the micro-batch; 0 on stages other than the last.</param>
public readonly record struct StageOutput(Tensor? Output, double Loss);

/// <summary>
/// Forward and backward passes of one stage's layers. Boundaries hand over the very bytes, so the results have the same bits wherever the
/// model is cut. Several micro-batches may be in flight (1F1B); the layers' parameters must not change meanwhile. One thread at a time.
/// </summary>
/// <remarks>
/// Bit-identity assumes one thread per worker, the same kind of processor and the same library: the first use sets Torch to one thread.
/// </remarks>
public sealed class StageCompute : IDisposable
{
    private readonly IStagedModel _model;
    private readonly TrainingSpec _training;
    private readonly Tensor[][] _leaves;
    private readonly Tensor[] _allLeaves;
    private readonly Dictionary<int, InFlight> _inFlight = [];

    static StageCompute() => set_num_threads(1);

    /// <summary>Makes ready to compute a stage.</summary>
    /// <param name="model">The whole model.</param>
    /// <param name="layers">The stage's layers.</param>
    /// <param name="states">Their states, one per layer in order. They stay the caller's; updates to their parameters are seen by the next forward pass.</param>
    /// <param name="training">The seed of the dropout is taken from here.</param>
    public StageCompute(IStagedModel model, LayerRange layers, IReadOnlyList<LayerState> states, TrainingSpec training)
    {
        ArgumentNullException.ThrowIfNull(model);
        ArgumentNullException.ThrowIfNull(states);
        ArgumentNullException.ThrowIfNull(training);
        if (layers.Count < 1 || layers.First < 0 || layers.End > model.LayerCount)
            throw new ArgumentOutOfRangeException(nameof(layers), $"Layers {layers.First}..{layers.End - 1} are not a stage of a model of {model.LayerCount} layers.");
        if (!states.Select(s => s.Layer).SequenceEqual(Enumerable.Range(layers.First, layers.Count)))
        {
            var given = string.Join(", ", states.Select(s => s.Layer));
            throw new ArgumentException($"States of layers {given} were given for layers {layers.First}..{layers.End - 1}.", nameof(states));
        }

        (_model, Layers, _training) = (model, layers, training);
        _leaves = [.. states.Select(s => s.Layout.Views(s.Parameters).Select(view => Leaf(view)).ToArray())];
        _allLeaves = [.. _leaves.SelectMany(l => l)];
        GradientLength = states.Sum(s => s.Layout.Length);
        LayerOffsets = [.. states.Select((_, i) => states.Take(i).Sum(s => s.Layout.Length))];
    }

    /// <summary>The stage's layers.</summary>
    public LayerRange Layers { get; }

    /// <summary>Elements of the flat gradient: all layers of the stage one after the other.</summary>
    public long GradientLength { get; }

    /// <summary>Where each layer of the stage begins in the flat gradient, <c>[layers]</c>.</summary>
    public IReadOnlyList<long> LayerOffsets { get; }

    /// <summary>Micro-batches between their forward and their backward pass.</summary>
    public int MicroBatchesInFlight => _inFlight.Count;

    private bool IsFirst => Layers.First == 0;

    private bool IsLast => Layers.End == _model.LayerCount;

    /// <summary>Runs a micro-batch forward and keeps what its backward pass needs.</summary>
    /// <param name="step">The step, for the dropout.</param>
    /// <param name="microBatch">Index of the micro-batch in the global batch.</param>
    /// <param name="input">
    /// int64 tokens <c>[microBatch, sequence]</c> for the first stage, else float32 <c>[microBatch, sequence, hidden]</c>. It stays the
    /// caller's, who may dispose of it at once but must not overwrite it before the backward pass.
    /// </param>
    /// <param name="targets">int64 <c>[microBatch, sequence]</c> for the last stage, else null.</param>
    /// <exception cref="InvalidOperationException">The micro-batch is in flight already.</exception>
    public StageOutput Forward(int step, int microBatch, Tensor input, Tensor? targets)
    {
        ArgumentNullException.ThrowIfNull(input);
        if (IsLast != targets is not null) throw new ArgumentException(IsLast ? "The last stage needs targets." : "Only the last stage takes targets.", nameof(targets));
        if (_inFlight.ContainsKey(microBatch)) throw new InvalidOperationException($"Micro-batch {microBatch} is in flight already.");
        using var scope = NewDisposeScope();
        var leaf = IsFirst ? null : Leaf(input.alias());
        var x = leaf ?? input;
        for (int layer = Layers.First; layer < Layers.End; layer++)
        {
            using var dropout = new Dropout(_model.Spec.Dropout, _training.Seed, step, microBatch, layer);
            x = _model.Forward(layer, _leaves[layer - Layers.First], x, dropout);
        }

        if (IsLast) x = _model.Loss(x, targets!);
        // The graph keeps all tensors that the backward pass needs; of the handles, only these two are needed.
        _inFlight.Add(microBatch, new InFlight(leaf, x.DetachFromDisposeScope()));
        return IsLast ? new(null, x.item<double>()) : new(x.detach().contiguous().MoveToOuterDisposeScope(), 0);
    }

    /// <summary>Runs a micro-batch backward and lets go of it.</summary>
    /// <param name="microBatch">A micro-batch in flight.</param>
    /// <param name="outputGradient">The next stage's input gradient, float32 <c>[microBatch, sequence, hidden]</c>; null on the last stage.</param>
    /// <param name="flatGradient">Receives the gradients of the stage's layers one after the other, float32 <c>[GradientLength]</c>; overwritten, not added to.</param>
    /// <returns>The gradient of the input, float32 <c>[microBatch, sequence, hidden]</c>, contiguous, which the caller disposes of; null on the first stage.</returns>
    /// <exception cref="InvalidOperationException">The micro-batch is not in flight.</exception>
    public Tensor? Backward(int microBatch, Tensor? outputGradient, Tensor flatGradient)
    {
        ArgumentNullException.ThrowIfNull(flatGradient);
        if (IsLast == outputGradient is not null)
            throw new ArgumentException(IsLast ? "The last stage begins the backward pass itself." : "The gradient of the output is needed.", nameof(outputGradient));
        if (flatGradient.numel() != GradientLength) throw new ArgumentException($"It has {flatGradient.numel()} elements, the stage {GradientLength}.", nameof(flatGradient));
        if (!_inFlight.Remove(microBatch, out var flight)) throw new InvalidOperationException($"Micro-batch {microBatch} is not in flight.");
        using var scope = NewDisposeScope();
        using (flight)
        {
            Tensor[] wanted = flight.Input is null ? _allLeaves : [flight.Input, .. _allLeaves];
            var gradients = autograd.grad([flight.Output], wanted, outputGradient is null ? null : [outputGradient]);
            int first = flight.Input is null ? 0 : 1;
            long offset = 0;
            for (int i = 0; i < _allLeaves.Length; i++)
            {
                var gradient = gradients[first + i];
                using var target = flatGradient.narrow(0, offset, gradient.numel());
                using var shaped = target.view(gradient.shape);
                shaped.copy_(gradient);
                offset += gradient.numel();
            }

            return flight.Input is null ? null : gradients[0].contiguous().MoveToOuterDisposeScope();
        }
    }

    /// <summary>Lets go of all micro-batches in flight: the step is abandoned.</summary>
    public void Abandon()
    {
        foreach (var flight in _inFlight.Values) flight.Dispose();
        _inFlight.Clear();
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        Abandon();
        foreach (var leaf in _allLeaves) leaf.Dispose();
    }

    // A tensor of the same memory that gradients are taken of. The parameters' are needed as long as the stage, an input's until its backward pass.
    private static Tensor Leaf(Tensor view)
    {
        using (view) return view.detach().requires_grad_().DetachFromDisposeScope();
    }

    private sealed record InFlight(Tensor? Input, Tensor Output) : IDisposable
    {
        public void Dispose()
        {
            Input?.Dispose();
            Output.Dispose();
        }
    }
}
