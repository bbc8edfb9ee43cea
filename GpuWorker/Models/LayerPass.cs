using TorchSharp;
using static TorchSharp.torch;

namespace Parcae.GpuWorker.Models;

/// <summary>
/// One pass of one micro-batch through one layer: the layer's parameters, its dropout, and the helpers that let the engine compute weight gradients
/// apart from input gradients, and in lower precision. A model may use the parameters directly too; then autograd does the rest.
/// </summary>
public sealed class LayerPass
{
    private readonly LayerLayout _layout;
    private readonly IReadOnlyList<Tensor> _leaves;
    private readonly IReadOnlyList<Tensor> _products;
    private readonly Dropout _dropout;
    private readonly LayerGraph? _graph;
    private readonly Action<int, Tensor>? _observe;

    /// <summary>Makes a pass.</summary>
    /// <param name="layout">The layer.</param>
    /// <param name="leaves">Its parameters, float32, in the order and shapes of the layout; those that are trained require gradients.</param>
    /// <param name="products">The same for matrix products: matrices may be bfloat16 here, and require no gradients where <paramref name="graph"/> is given.</param>
    /// <param name="dropout">The dropout of this layer and micro-batch; <see cref="Dropout.None"/> outside training.</param>
    /// <param name="graph">Receives what the engine needs for its backward pass; null: autograd computes all gradients in one go.</param>
    /// <param name="observe">Receives running statistics' samples; null outside training.</param>
    internal LayerPass(
        LayerLayout layout, IReadOnlyList<Tensor> leaves, IReadOnlyList<Tensor> products, Dropout dropout, LayerGraph? graph, Action<int, Tensor>? observe)
    {
        (_layout, _leaves, _products, _dropout, _graph, _observe) = (layout, leaves, products, dropout, graph, observe);
    }

    /// <summary>Whether statistics are of the micro-batch (training) or the running ones (evaluation).</summary>
    public bool IsTraining => _observe is not null;

    /// <summary>A parameter by its position in the layer's layout, float32.</summary>
    public Tensor this[int parameter]
    {
        get
        {
            if (_layout.Parameters[parameter].Role != ParameterRole.Statistic) _graph?.Current.Direct.Add(parameter);
            return _leaves[parameter];
        }
    }

    /// <summary>Drops elements as the job asks, scaling up the rest; the identity outside training.</summary>
    public Tensor Dropout(Tensor x) => _dropout.Apply(x);

    /// <summary><c>x W^T + b</c>, in the job's precision; the result has that precision too.</summary>
    /// <param name="x"><c>[..., in]</c>.</param>
    /// <param name="weight">Position of W, <c>[out, in]</c>, a <see cref="ParameterRole.Matrix"/>.</param>
    /// <param name="bias">Position of b, <c>[out]</c>, or null.</param>
    public Tensor Linear(Tensor x, int weight, int? bias = null)
    {
        ArgumentNullException.ThrowIfNull(x);
        var w = _products[weight];
        if (x.dtype != w.dtype) x = x.to(w.dtype);
        var b = bias is { } at ? this[at] : null;
        if (b is not null && b.dtype != w.dtype) b = b.to(w.dtype);
        var y = nn.functional.linear(x, w, b);
        if (_graph is null) return y;
        if (!y.requires_grad) y.requires_grad_(); // of the samples themselves: nothing before it is trained
        _graph.Current.Products.Add(new DeferredProduct(weight, x, y));
        return y;
    }

    /// <summary>A convolution without bias, in the job's precision; the result is float32.</summary>
    /// <param name="x"><c>[microBatch, in, height, width]</c>.</param>
    /// <param name="weight">Position of the kernel, <c>[out, in, height, width]</c>, a <see cref="ParameterRole.Matrix"/>.</param>
    /// <param name="stride">Stride both ways.</param>
    /// <param name="padding">Zeros added on every side.</param>
    public Tensor Convolution(Tensor x, int weight, long stride = 1, long padding = 0)
    {
        ArgumentNullException.ThrowIfNull(x);
        // Autograd computes its weight gradient: nothing would be gained by splitting it off.
        var w = this[weight];
        var low = _products[weight].dtype;
        if (low == ScalarType.Float32) return nn.functional.conv2d(x, w, null, [stride, stride], [padding, padding]);
        return nn.functional.conv2d(x.to(low), w.to(low), null, [stride, stride], [padding, padding]).to(ScalarType.Float32);
    }

    /// <summary>
    /// GELU by its tanh approximation: GPT-2's <c>gelu_new</c>. Where the engine has a faster one, a part of the graph ends here: what follows may use the result and that of
    /// the last <see cref="Joint"/>, and nothing else that has been computed before.
    /// </summary>
    internal Tensor GeluTanh(Tensor x)
    {
        if (!Numerics.GeluTanh.Takes(x) || (_graph is null && x.requires_grad && is_grad_enabled()))
            return nn.functional.gelu(x, TorchSharp.Modules.GELU.Approximate.tanh, inplace: false);
        var y = Numerics.GeluTanh.Value(x);
        return _graph is null ? y : _graph.Cut(x, y, gradient => Numerics.GeluTanh.Gradient(x, gradient), joint: false);
    }

    /// <summary>The identity, where a part of the graph ends and all that follows hangs on <paramref name="x"/> alone.</summary>
    internal Tensor Joint(Tensor x) => _graph is null ? x : _graph.Cut(x, x.detach(), static gradient => gradient, joint: true);

    /// <summary>Batch normalisation over all dimensions but the second; the running mean and (unbiased) variance are observed.</summary>
    /// <param name="x">float32 <c>[microBatch, channels, ...]</c>.</param>
    /// <param name="gain">Position of the gain, <c>[channels]</c>.</param>
    /// <param name="bias">Position of the bias.</param>
    /// <param name="mean">Position of the running mean, a <see cref="ParameterRole.Statistic"/>.</param>
    /// <param name="variance">Position of the running variance, a <see cref="ParameterRole.Statistic"/>.</param>
    /// <exception cref="ArgumentException">In training, where a channel has a single value.</exception>
    public Tensor BatchNorm(Tensor x, int gain, int bias, int mean, int variance)
    {
        ArgumentNullException.ThrowIfNull(x);
        if (!IsTraining) return nn.functional.batch_norm(x, this[mean], this[variance], this[gain], this[bias], training: false);
        if (x.numel() <= x.shape[1])
        {
            var shape = string.Join(", ", x.shape);
            throw new ArgumentException(
                $"{_layout.Name}: batch normalisation of [{shape}] has one value per channel, which has no variance; take more samples per micro-batch or larger images.", nameof(x));
        }

        // With momentum 1 Torch leaves the micro-batch's own statistics in the running ones' place.
        var (batchMean, batchVariance) = (zeros_like(this[mean]), ones_like(this[variance]));
        var y = nn.functional.batch_norm(x, batchMean, batchVariance, this[gain], this[bias], training: true, momentum: 1);
        Observe(mean, batchMean);
        Observe(variance, batchVariance);
        return y;
    }

    /// <summary>
    /// Notes a running statistic's sample of this micro-batch. After the step the statistic is what applying <c>r = (1 - m) r + m sample</c> micro-batch by micro-batch
    /// gives, m = <see cref="StatisticMomentum"/>, whoever computed them. Ignored outside training.
    /// </summary>
    /// <param name="parameter">Position of a <see cref="ParameterRole.Statistic"/>.</param>
    /// <param name="sample">float32, of its shape.</param>
    public void Observe(int parameter, Tensor sample)
    {
        if (_layout.Parameters[parameter].Role != ParameterRole.Statistic)
            throw new ArgumentException($"{_layout.Name}.{_layout.Parameters[parameter].Name} is no running statistic.", nameof(parameter));
        _observe?.Invoke(parameter, sample);
    }

    /// <summary>Weight of a micro-batch's sample in a running statistic, as Torch's default.</summary>
    public const double StatisticMomentum = 0.1;
}
