using Parcae.GpuWorker.Numerics;
using Parcae.GpuWorker.Transport;
using static TorchSharp.torch;

namespace Parcae.GpuWorker.Pipeline;

/// <summary>Gives the layers of a store to peers. What is asked for is all that comes from the device.</summary>
internal sealed class LayerStateSource(LayerStore layers) : IStateSource
{
    public async Task<StateStream?> OpenAsync(int layer, int version, CancellationToken cancellationToken)
    {
        if (await layers.BorrowAsync(layer, version, cancellationToken) is not { } lease) return null;
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

    public string DescribeHoldings()
    {
        var held = layers.Held;
        return held.Length == 0 ? "nothing" : string.Join(", ", held.Select(s => $"layer {s.Layer} at version {s.Version}"));
    }
}
