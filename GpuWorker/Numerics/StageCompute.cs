using Parcae.GpuWorker.Models;
using Parcae.Grains;
using TorchSharp;
using static TorchSharp.torch;

namespace Parcae.GpuWorker.Numerics;

/// <summary>What a stage makes of a micro-batch.</summary>
/// <param name="Output">
/// The activations to send on, float32 <c>[microBatch, ...]</c>, contiguous and detached; the caller disposes of them. Null on
/// the last stage.
/// </param>
/// <param name="Loss">Mean loss of the micro-batch; 0 on stages other than the last.</param>
public readonly record struct StageOutput(Tensor? Output, double Loss);

/// <summary>Where a layer's gradient of a micro-batch goes.</summary>
public interface IGradientSink
{
    /// <summary>A flat float32 buffer <c>[Length]</c> for the layer's gradient, with any content.</summary>
    Tensor Rent(int layer);

    /// <summary>The buffer holds the layer's whole gradient of the micro-batch. Called once for each layer, the last layer first.</summary>
    void Done(int layer, int microBatch, Tensor gradient);
}

/// <summary>
/// Forward and backward passes of one stage's layers. The graph is cut at every layer, not only at the stage's ends, and what is handed over are
/// the very bytes: so the results have the same bits wherever the model is cut, a layer's gradient is known as soon as its own backward pass has run, and
/// a layer can be computed again in place of keeping its activations. Several micro-batches may be in flight; the parameters must not change meanwhile.
/// One thread at a time.
/// </summary>
/// <remarks>Bit-identity assumes the same number of Torch threads on every worker, the same kind of processor and the same library.</remarks>
public sealed class StageCompute : IDisposable
{
    private readonly IStagedModel _model;
    private readonly TrainingSpec _training;
    private readonly LayerCompute[] _layers;
    private readonly Dictionary<int, InFlight> _inFlight = [];
    private readonly Dictionary<int, WeightGradients[]> _weights = [];

    /// <summary>Makes ready to compute a stage.</summary>
    /// <param name="model">The whole model.</param>
    /// <param name="layers">The stage's layers.</param>
    /// <param name="states">Their states, one per layer in order. They stay the caller's; updates to their parameters are seen by the next forward pass.</param>
    /// <param name="training">Seed of the dropout, number of micro-batches, precision, and whether to recompute.</param>
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
        _layers = [.. states.Select(s => new LayerCompute(model, s, training))];
    }

    /// <summary>The stage's layers.</summary>
    public LayerRange Layers { get; }

    /// <summary>Micro-batches in flight.</summary>
    public int InFlightCount => _inFlight.Count;

    private bool IsFirst => Layers.First == 0;

    private bool IsLast => Layers.End == _model.LayerCount;

    /// <summary>Runs a micro-batch forward and keeps what its backward pass needs.</summary>
    /// <param name="step">The step, for the dropout.</param>
    /// <param name="microBatch">Index of the micro-batch in the global batch.</param>
    /// <param name="input">
    /// The samples for the first stage, else float32 activations, on the stage's device. It stays the
    /// caller's, who may dispose of it at once but must not overwrite it before the backward pass.
    /// </param>
    /// <param name="targets">The samples' targets for the last stage, else null. Not needed after the call, unless the stage recomputes.</param>
    /// <exception cref="InvalidOperationException">The micro-batch is in flight already.</exception>
    public StageOutput Forward(int step, int microBatch, Tensor input, Tensor? targets)
    {
        ArgumentNullException.ThrowIfNull(input);
        CheckTargets(targets);
        if (_inFlight.ContainsKey(microBatch)) throw new InvalidOperationException($"Micro-batch {microBatch} is in flight already.");
        using var scope = NewDisposeScope();
        var flight = new InFlight(step, new LayerFlight[_layers.Length]);
        var x = input;
        for (int i = 0; i < _layers.Length; i++)
        {
            // The loss's backward pass follows at once: nothing would be saved by computing its layer again.
            bool withLoss = IsLast && i == _layers.Length - 1;
            flight.Layers[i] = _layers[i].Begin(x);
            x = _layers[i].Forward(flight.Layers[i], step, microBatch, withLoss ? targets : null, keep: withLoss || !_training.Recompute);
        }

        _inFlight.Add(microBatch, flight);
        return IsLast ? new(null, x.item<double>()) : new(x.detach().contiguous().MoveToOuterDisposeScope(), 0);
    }

    /// <summary>Runs a micro-batch backward and lets go of it.</summary>
    /// <param name="microBatch">A micro-batch in flight.</param>
    /// <param name="outputGradient">The next stage's input gradient, float32, of the output's shape; null on the last stage.</param>
    /// <param name="sink">Receives the layers' gradients.</param>
    /// <param name="splitWeights">Whether the gradients of matrices are left for <see cref="BackwardWeights"/>; the same bits either way.</param>
    /// <returns>The gradient of the input, float32, contiguous, which the caller disposes of; null on the first stage.</returns>
    /// <exception cref="InvalidOperationException">The micro-batch is not in flight.</exception>
    public Tensor? Backward(int microBatch, Tensor? outputGradient, IGradientSink sink, bool splitWeights = false)
    {
        ArgumentNullException.ThrowIfNull(sink);
        if (IsLast == outputGradient is not null)
            throw new ArgumentException(IsLast ? "The last stage begins the backward pass itself." : "The gradient of the output is needed.", nameof(outputGradient));
        if (!_inFlight.Remove(microBatch, out var flight)) throw new InvalidOperationException($"Micro-batch {microBatch} is not in flight.");
        using var scope = NewDisposeScope();
        using (flight)
        {
            var weights = new WeightGradients[_layers.Length];
            var gradient = outputGradient;
            for (int i = _layers.Length - 1; i >= 0; i--)
            {
                int layer = Layers.First + i;
                _layers[i].Recompute(flight.Layers[i], flight.Step, microBatch);
                (gradient, weights[i]) = _layers[i].Backward(flight.Layers[i], gradient, sink.Rent(layer), microBatch);
                if (!splitWeights) Finish(i, microBatch, weights[i], sink);
            }

            if (splitWeights) _weights.Add(microBatch, weights);
            return IsFirst ? null : gradient!.contiguous().MoveToOuterDisposeScope();
        }
    }

    /// <summary>Computes the gradients of matrices that <see cref="Backward"/> left.</summary>
    public void BackwardWeights(int microBatch, IGradientSink sink)
    {
        ArgumentNullException.ThrowIfNull(sink);
        if (!_weights.Remove(microBatch, out var weights)) throw new InvalidOperationException($"Micro-batch {microBatch} has no gradients left to compute.");
        using var scope = NewDisposeScope();
        for (int i = _layers.Length - 1; i >= 0; i--) Finish(i, microBatch, weights[i], sink);
    }

    /// <summary>Runs samples forward as they are evaluated: without dropout, with running statistics, keeping nothing.</summary>
    public StageOutput Evaluate(Tensor input, Tensor? targets)
    {
        ArgumentNullException.ThrowIfNull(input);
        CheckTargets(targets);
        using var scope = NewDisposeScope();
        using var noGrad = no_grad();
        var x = input;
        foreach (var layer in _layers) x = layer.Evaluate(x);
        return IsLast ? new(null, _model.Loss(x, targets!).item<double>()) : new(x.contiguous().MoveToOuterDisposeScope(), 0);
    }

    /// <summary>Lets go of all micro-batches in flight: the step is abandoned.</summary>
    public void Abandon()
    {
        foreach (var flight in _inFlight.Values) flight.Dispose();
        foreach (var weights in _weights.Values.SelectMany(w => w)) weights.Dispose();
        _inFlight.Clear();
        _weights.Clear();
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        Abandon();
        foreach (var layer in _layers) layer.Dispose();
    }

    private void Finish(int i, int microBatch, WeightGradients weights, IGradientSink sink)
    {
        weights.Compute();
        sink.Done(Layers.First + i, microBatch, weights.Flat);
        weights.Dispose();
    }

    private void CheckTargets(Tensor? targets)
    {
        if (IsLast != targets is not null) throw new ArgumentException(IsLast ? "The last stage needs targets." : "Only the last stage takes targets.", nameof(targets));
    }

    private sealed record InFlight(int Step, LayerFlight[] Layers) : IDisposable
    {
        public void Dispose()
        {
            foreach (var layer in Layers) layer?.Dispose();
        }
    }
}
