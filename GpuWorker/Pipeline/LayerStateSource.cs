using Parcae.GpuWorker.Numerics;
using Parcae.GpuWorker.Transport;
using static TorchSharp.torch;

namespace Parcae.GpuWorker.Pipeline;

/// <summary>Gives the layers of a store to peers. What is asked for is all that comes from the device.</summary>
/// <param name="layers">The store.</param>
/// <param name="copies">Has copies of some of them at other versions, or comes to have.</param>
internal sealed class LayerStateSource(LayerStore layers, LayerStore? copies = null) : IStateSource
{
    public async Task<StateStream?> OpenAsync(int layer, int version, CancellationToken cancellationToken)
    {
        if (await BorrowAsync(layer, version, cancellationToken) is not { } lease) return null;
        var tensors = lease.State.Tensors;
        var staging = new HostStaging();
        Tensor? view = null;
        return new StateStream([.. tensors.Select(t => t.numel() * t.element_size())], Read, Close) { Recalled = lease.Recalled };

        ReadOnlyMemory<byte> Read(int part, long offset, int count)
        {
            view?.Dispose();
            // Peers may ask for any byte; tensors have whole elements.
            long size = tensors[part].element_size(), first = offset / size, end = (offset + count + size - 1) / size;
            view = tensors[part].narrow(0, first, end - first);
            return staging.ReadBytes(view).Slice((int)(offset - (first * size)), count);
        }

        void Close()
        {
            view?.Dispose();
            staging.Dispose();
            lease.Return();
        }
    }

    private async Task<LayerStore.Lease?> BorrowAsync(int layer, int version, CancellationToken cancellation)
    {
        while (true)
        {
            Task? copied = null;
            if (copies?.TryBorrow(layer, version, out copied) is { } copy) return copy;
            if (layers.TryBorrow(layer, version, out var changed) is { } lease) return lease;
            if (changed is null) return null;
            await Task.WhenAny(changed, copied ?? changed).WaitAsync(cancellation);
        }
    }

    public string DescribeHoldings()
    {
        LayerState[] held = [.. layers.Held, .. copies?.Held ?? []];
        return held.Length == 0 ? "nothing" : string.Join(", ", held.Select(s => $"layer {s.Layer} at version {s.Version}"));
    }
}
