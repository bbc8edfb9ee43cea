using Parcae.GpuWorker.Numerics;
using Parcae.GpuWorker.Transport;

namespace Parcae.GpuWorker.Pipeline;

/// <summary>Gives the layers of a store to peers.</summary>
internal sealed class LayerStateSource(LayerStore layers) : IStateSource
{
    public async Task<StateStream?> OpenAsync(int layer, int version, CancellationToken cancellationToken)
    {
        if (await layers.BorrowAsync(layer, version, cancellationToken) is not { } lease) return null;
        var staging = new HostStaging();
        return new StateStream([.. lease.State.Tensors.Select((t, slot) => (ReadOnlyMemory<byte>)staging.ReadBytes(t, slot))], () =>
        {
            staging.Dispose();
            lease.Return();
        });
    }

    public string DescribeHoldings()
    {
        var held = layers.Held;
        return held.Length == 0 ? "nothing" : string.Join(", ", held.Select(s => $"layer {s.Layer} at version {s.Version}"));
    }
}
