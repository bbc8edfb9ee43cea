using static TorchSharp.torch;

namespace Parcae.GpuWorker.Numerics;

/// <summary>
/// Tensors as memory that sockets and files can read and write. A contiguous tensor on the CPU is its own memory, without a copy. Any other one goes through a
/// contiguous tensor on the host, page-locked for a tensor of a GPU, which copies at full speed then; these are kept, by slot, and grow to the largest
/// tensor that came. Not for several threads at once.
/// </summary>
public sealed class HostStaging : IDisposable
{
    private readonly List<Tensor?> _slots = [];

    /// <summary>Bytes of host memory that are held for tensors of other devices.</summary>
    public long HeldBytes => _slots.Sum(s => s is null ? 0 : s.numel() * s.element_size());

    /// <summary>Whether memory for tensors of a GPU is page-locked: yes, but where it is measured what that brings.</summary>
    internal static bool PageLocks { get; set; } = true;

    /// <summary>Whether a tensor is used where it lies.</summary>
    public static bool IsDirect(Tensor tensor)
    {
        ArgumentNullException.ThrowIfNull(tensor);
        return tensor.device_type == TorchSharp.DeviceType.CPU && tensor.is_contiguous();
    }

    /// <summary>The float32 tensor's values. Valid until the slot is used again, or the tensor is disposed of.</summary>
    /// <param name="tensor">float32, of any shape and device.</param>
    /// <param name="slot">Tensors in use at the same time have different ones.</param>
    public Memory<float> Read(Tensor tensor, int slot = 0)
    {
        if (!IsDirect(tensor)) CopyIn(tensor, slot);
        return Open(tensor, slot);
    }

    /// <summary>The tensor's bytes. Valid until the slot is used again, or the tensor is disposed of.</summary>
    public Memory<byte> ReadBytes(Tensor tensor, int slot = 0)
    {
        if (!IsDirect(tensor)) CopyIn(tensor, slot);
        return OpenBytes(tensor, slot);
    }

    /// <summary>Memory for the float32 tensor's new values, with any content until they are written; <see cref="Write"/> takes them over.</summary>
    public Memory<float> Open(Tensor tensor, int slot = 0) => IsDirect(tensor) ? tensor.Floats() : Slot(tensor, slot).Floats()[..checked((int)tensor.numel())];

    /// <summary>Memory for the tensor's new bytes, with any content until they are written; <see cref="Write"/> takes them over.</summary>
    public Memory<byte> OpenBytes(Tensor tensor, int slot = 0) =>
        IsDirect(tensor) ? tensor.Bytes() : Slot(tensor, slot).Bytes()[..checked((int)(tensor.numel() * tensor.element_size()))];

    /// <summary>The tensor becomes what was written into the memory that <see cref="Open"/> or <see cref="OpenBytes"/> gave for it.</summary>
    public void Write(Tensor tensor, int slot = 0)
    {
        if (IsDirect(tensor)) return;
        using var scope = NewDisposeScope();
        tensor.copy_(Slot(tensor, slot).narrow(0, 0, tensor.numel()).view(tensor.shape)).DetachFromDisposeScope();
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        foreach (var slot in _slots) slot?.Dispose();
        _slots.Clear();
    }

    private void CopyIn(Tensor tensor, int slot)
    {
        using var scope = NewDisposeScope();
        Slot(tensor, slot).narrow(0, 0, tensor.numel()).view(tensor.shape).copy_(tensor);
    }

    private Tensor Slot(Tensor like, int slot)
    {
        while (_slots.Count <= slot) _slots.Add(null);
        if (_slots[slot] is { } held && held.dtype == like.dtype && held.numel() >= like.numel()) return held;
        _slots[slot]?.Dispose();
        using var scope = NewDisposeScope();
        var made = empty(like.numel(), dtype: like.dtype);
        return _slots[slot] = (like.device_type == TorchSharp.DeviceType.CUDA && PageLocks ? made.pin_memory() : made).DetachFromDisposeScope();
    }
}
