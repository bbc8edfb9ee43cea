using System.Buffers;
using System.Runtime.InteropServices;
using TorchSharp;
using static TorchSharp.torch;

namespace Parcae.GpuWorker.Numerics;

/// <summary>
/// A contiguous CPU tensor's memory as <see cref="Memory{T}"/>, without a copy: what sockets and files read from and write into. The memory is
/// the tensor's own. It is valid as long as the tensor is not disposed, which this object neither does nor prevents (it keeps the tensor
/// from being collected, no more): whoever disposes of the tensor must first let every transfer on its memory end.
/// </summary>
/// <typeparam name="T">How to see the elements; its size divides the tensor's bytes.</typeparam>
public sealed unsafe class TensorMemory<T> : MemoryManager<T>
    where T : unmanaged
{
    private readonly Tensor _tensor;
    private readonly T* _start;
    private readonly int _length;

    /// <summary>Opens a tensor's memory.</summary>
    /// <exception cref="ArgumentException">The tensor is not contiguous, not on the CPU, or too large for one span (2^31 elements).</exception>
    public TensorMemory(Tensor tensor)
    {
        ArgumentNullException.ThrowIfNull(tensor);
        if (tensor.device_type != DeviceType.CPU || !tensor.is_contiguous())
        {
            var shape = string.Join(", ", tensor.shape);
            throw new ArgumentException($"Memory can be opened of a contiguous CPU tensor, not of one of shape [{shape}] on {tensor.device}.", nameof(tensor));
        }

        _tensor = tensor;
        long length = tensor.numel() * tensor.element_size() / sizeof(T);
        if (length > int.MaxValue) throw new ArgumentException($"{length} elements are more than one span holds; open narrower views.", nameof(tensor));
        _length = (int)length;
        // Native memory: it does not move, so the address of the span stays good.
        fixed (byte* start = &MemoryMarshal.GetReference(tensor.bytes)) _start = (T*)start;
    }

    /// <inheritdoc/>
    public override Span<T> GetSpan() => _tensor.IsInvalid ? throw new ObjectDisposedException(nameof(Tensor)) : new(_start, _length);

    /// <inheritdoc/>
    public override MemoryHandle Pin(int elementIndex = 0)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(elementIndex);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(elementIndex, _length);
        return new(_start + elementIndex, default, this);
    }

    /// <inheritdoc/>
    public override void Unpin()
    {
    }

    /// <inheritdoc/>
    protected override void Dispose(bool disposing)
    {
    }
}

/// <summary>Shorthands for <see cref="TensorMemory{T}"/>.</summary>
public static class TensorMemoryExtensions
{
    /// <summary>The tensor's memory as bytes; see <see cref="TensorMemory{T}"/> for how long it is valid.</summary>
    public static Memory<byte> Bytes(this Tensor tensor) => new TensorMemory<byte>(tensor).Memory;

    /// <summary>The float32 tensor's memory; see <see cref="TensorMemory{T}"/> for how long it is valid.</summary>
    public static Memory<float> Floats(this Tensor tensor)
    {
        ArgumentNullException.ThrowIfNull(tensor);
        return tensor.dtype == ScalarType.Float32
            ? new TensorMemory<float>(tensor).Memory
            : throw new ArgumentException($"The tensor is {tensor.dtype}, not Float32.", nameof(tensor));
    }
}
