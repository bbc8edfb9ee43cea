using Parcae.GpuWorker.Models;
using Parcae.Grains;
using TorchSharp;
using static TorchSharp.torch;

namespace Parcae.GpuWorker.Numerics;

/// <summary>A micro-batch on its way through one layer: what its backward pass needs.</summary>
/// <param name="input">The layer's input, a leaf of the graph; the flight's own.</param>
internal sealed class LayerFlight(Tensor input) : IDisposable
{
    /// <summary>The layer's input.</summary>
    public Tensor Input { get; } = input;

    /// <summary>The layer's graph; null where it is to be computed again.</summary>
    public LayerGraph? Graph { get; set; }

    /// <summary>Samples of running statistics.</summary>
    public List<(int Parameter, Tensor Sample)> Statistics { get; } = [];

    public void Dispose()
    {
        Input.Dispose();
        Graph?.Dispose();
        foreach (var (_, sample) in Statistics) sample.Dispose();
    }
}

/// <summary>Forward and backward passes of one layer, with a graph of its own.</summary>
internal sealed class LayerCompute : IDisposable
{
    private readonly IStagedModel _model;
    private readonly LayerState _state;
    private readonly TrainingSpec _training;
    private readonly Tensor[] _leaves;
    private readonly Tensor[] _products;
    private readonly bool _low;
    private int _productsVersion = -1;

    public LayerCompute(IStagedModel model, LayerState state, TrainingSpec training)
    {
        (_model, _state, _training, _low) = (model, state, training, training.Precision == "bfloat16");
        var parameters = state.Layout.Parameters;
        _leaves = [.. state.Layout.Views(state.Parameters).Select((view, i) =>
        {
            using (view) return view.detach().requires_grad_(parameters[i].Role != ParameterRole.Statistic).DetachFromDisposeScope();
        })];
        _products = [.. _leaves.Select((leaf, i) =>
            (_low && parameters[i].Role == ParameterRole.Matrix ? leaf.detach().to(ScalarType.BFloat16) : leaf.detach()).DetachFromDisposeScope())];
    }

    private int Layer => _state.Layer;

    /// <summary>Takes in a layer's input.</summary>
    public LayerFlight Begin(Tensor input)
    {
        // The samples get no gradient; activations do. Laid out as if they came from another stage: kernels may round otherwise for other strides.
        var leaf = input.detach().contiguous();
        if (Layer > 0) leaf.requires_grad_();
        return new LayerFlight(leaf.DetachFromDisposeScope());
    }

    /// <summary>Runs the layer.</summary>
    /// <param name="flight">From <see cref="Begin"/>.</param>
    /// <param name="step">The step.</param>
    /// <param name="microBatch">The micro-batch.</param>
    /// <param name="targets">For the model's last layer: the output is the loss then.</param>
    /// <param name="keep">Whether the graph is kept for the backward pass, or built again then.</param>
    public Tensor Forward(LayerFlight flight, int step, int microBatch, Tensor? targets, bool keep)
    {
        if (keep) return Run(flight, step, microBatch, targets, Observed);
        using var noGrad = no_grad();
        using var dropout = new Dropout(_model.Spec.Dropout, _training.Seed, step, microBatch, Layer);
        return _model.Forward(Layer, new LayerPass(_state.Layout, _leaves, Products(), dropout, null, Observed), flight.Input);

        void Observed(int parameter, Tensor sample) => flight.Statistics.Add((parameter, sample.detach().DetachFromDisposeScope()));
    }

    /// <summary>Runs the layer again where its graph was not kept.</summary>
    public void Recompute(LayerFlight flight, int step, int microBatch)
    {
        if (flight.Graph is null) Run(flight, step, microBatch, null, static (_, _) => { });
    }

    /// <summary>Runs the layer as it is evaluated.</summary>
    public Tensor Evaluate(Tensor input) =>
        _model.Forward(Layer, new LayerPass(_state.Layout, _leaves, Products(), Dropout.None, null, null), input.contiguous());

    /// <summary>Everything of the backward pass but the deferred weight gradients.</summary>
    /// <param name="flight">After its forward pass. Stays the caller's.</param>
    /// <param name="outputGradient">Gradient of the output; null where it is the loss.</param>
    /// <param name="flat">Receives the layer's gradient.</param>
    /// <param name="microBatch">The micro-batch, which weighs running statistics.</param>
    /// <returns>The gradient of the input (null for layer 0), and what is left to compute.</returns>
    public (Tensor? Input, WeightGradients Left) Backward(LayerFlight flight, Tensor? outputGradient, Tensor flat, int microBatch)
    {
        using var scope = NewDisposeScope();
        var left = new WeightGradients(_state.Layout, flat);
        var parts = flight.Graph!.Parts;
        Tensor? input = null;
        var following = new Tensor?[parts.Count];
        if (outputGradient is not null && outputGradient.dtype != parts[^1].End!.dtype) outputGradient = outputGradient.to(parts[^1].End!.dtype);
        // From the last part to the first: when a part's turn comes, all that hangs on its end has given its gradient.
        for (int i = parts.Count - 1; i >= 0; i--)
        {
            if (i == parts.Count - 1) Walk(i, outputGradient?.contiguous());
            else if (following[i] is { } gradient) Walk(i, parts[i].Gradient!(gradient.contiguous()));
        }

        foreach (var (parameter, sample) in flight.Statistics) left.Write(parameter, sample.Times(Optimizer.StatisticWeight(microBatch, _training.MicroBatches)));
        return (Layer > 0 ? (input ?? zeros_like(flight.Input)).MoveToOuterDisposeScope() : null, left);

        void Walk(int at, Tensor? gradient)
        {
            var part = parts[at];
            int joint = at - 1;
            while (joint >= 0 && !parts[joint].Joint) joint--;
            int start = Math.Max(joint, 0);
            bool fromInput = joint < 0 && Layer > 0;
            List<Tensor> wanted = [.. parts.Take(start..at).Select(p => p.Next!)];
            if (fromInput) wanted.Add(flight.Input);
            wanted.AddRange(part.Products.Select(p => p.Output));
            wanted.AddRange(part.Direct.Select(i => _leaves[i]));
            if (wanted.Count == 0) return;
            var given = autograd.grad([part.End!], wanted, gradient is null ? null : [gradient], retain_graph: false, create_graph: false, allow_unused: true);
            int next = 0;
            for (int i = start; i < at; i++) Add(ref following[i], given[next++]);
            if (fromInput) Add(ref input, given[next++]);
            foreach (var product in part.Products)
            {
                if (Given(given[next++]) is { } g) left.Add(product.Weight, product.Input, g);
            }

            foreach (int parameter in part.Direct)
            {
                if (Given(given[next++]) is { } g) left.Write(parameter, g);
            }
        }
    }

    public void Dispose()
    {
        foreach (var tensor in _leaves.Concat(_products)) tensor.Dispose();
    }

    private Tensor Run(LayerFlight flight, int step, int microBatch, Tensor? targets, Action<int, Tensor> observe)
    {
        using var dropout = new Dropout(_model.Spec.Dropout, _training.Seed, step, microBatch, Layer);
        var graph = new LayerGraph();
        var output = _model.Forward(Layer, new LayerPass(_state.Layout, _leaves, Products(), dropout, graph, observe), flight.Input);
        if (targets is not null) output = _model.Loss(output, targets);
        graph.End(output);
        flight.Graph = graph;
        return output;
    }

    private Tensor[] Products()
    {
        // In float32 they are the parameters' own memory.
        if (!_low || _productsVersion == _state.Version) return _products;
        for (int i = 0; i < _leaves.Length; i++)
        {
            if (_products[i].dtype == ScalarType.BFloat16)
            {
                using var noGrad = no_grad();
                using var leaf = _leaves[i].detach();
                _products[i].copy_(leaf);
            }
        }

        _productsVersion = _state.Version;
        return _products;
    }

    private static void Add(ref Tensor? sum, Tensor? gradient)
    {
        if (Given(gradient) is { } given) sum = sum is null ? given : sum.Plus(given);
    }

    // Of what the output does not depend on, autograd gives none.
    private static Tensor? Given(Tensor? gradient) => gradient is null || gradient.IsInvalid ? null : gradient;
}
