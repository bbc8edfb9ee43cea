using Parcae.GpuWorker.Numerics;
using Parcae.GpuWorker.Pipeline;
using Parcae.GpuWorker.Transport;
using Parcae.Grains;

namespace Parcae.GpuWorker.Shadows;

/// <summary>What has come of one step: its result, and the reduced gradients of a shard's layers.</summary>
/// <param name="step">The step; layers at this version can apply it.</param>
internal sealed class VaultStep(int step) : IDisposable
{
    private readonly Dictionary<int, FrameBuffer> _gradients = [];

    public int Step => step;

    public StepResult? Result { get; set; }

    /// <summary>Bytes of the gradients.</summary>
    public long Bytes => _gradients.Values.Sum(f => (long)f.Length);

    /// <summary>Adds a layer's gradient, which then is this one's; false: it is here already.</summary>
    public bool TryAdd(int layer, FrameBuffer gradient) => _gradients.TryAdd(layer, gradient);

    /// <summary>Whether all is here.</summary>
    /// <param name="layers">Number of layers of the shard.</param>
    public bool IsComplete(int layers) => Result is not null && _gradients.Count == layers;

    /// <summary>Whether a layer's gradient is here.</summary>
    public bool Has(int layer) => _gradients.ContainsKey(layer);

    /// <summary>Applies the step, which is complete, to the layers.</summary>
    /// <param name="layers">Holds each of them at this version.</param>
    /// <param name="training">The optimizer.</param>
    /// <param name="applied">Told how many layers are done, after each.</param>
    public void Apply(LayerStore layers, TrainingSpec training, Action<int>? applied = null)
    {
        int done = 0;
        foreach (var (layer, gradient) in _gradients)
        {
            var state = layers.Find(layer, step) ?? throw new InvalidOperationException($"The vault does not hold layer {layer} at version {step}.");
            Optimizer.Apply(state, gradient.Floats, Result!.Value.GradientNorm, training);
            applied?.Invoke(++done);
        }
    }

    public void Dispose()
    {
        foreach (var gradient in _gradients.Values) gradient.Dispose();
        _gradients.Clear();
    }
}
