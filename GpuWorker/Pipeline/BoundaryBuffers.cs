using TorchSharp;
using static TorchSharp.torch;

namespace Parcae.GpuWorker.Pipeline;

/// <summary>
/// Tensors that activations (or their gradients) are received into, lent for as long as a micro-batch is under way and used again: after the first step none is allocated.
/// </summary>
/// <param name="shape">Of a micro-batch.</param>
/// <param name="device">Where they go from here: for a GPU the memory is page-locked.</param>
internal sealed class BoundaryBuffers(long[] shape, Device device) : IDisposable
{
    private readonly Stack<Tensor> _free = [];
    private readonly Dictionary<int, Tensor> _lent = [];

    /// <summary>A float32 tensor in host memory for a micro-batch, with any content.</summary>
    public Tensor Rent(int microBatch)
    {
        if (!_free.TryPop(out var tensor)) tensor = Make().DetachFromDisposeScope();
        _lent.Add(microBatch, tensor);
        return tensor;
    }

    private Tensor Make()
    {
        var made = empty(shape);
        if (device.type == DeviceType.CPU) return made;
        using (made) return made.pin_memory();
    }

    /// <summary>Nothing reads the micro-batch's tensor any more.</summary>
    public void Return(int microBatch)
    {
        if (_lent.Remove(microBatch, out var tensor)) _free.Push(tensor);
    }

    public void Dispose()
    {
        foreach (var tensor in _free.Concat(_lent.Values)) tensor.Dispose();
    }
}
