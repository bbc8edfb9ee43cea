using System.Collections.Concurrent;
using Parcae.GpuWorker.Numerics;
using Parcae.GpuWorker.Transport;

namespace Parcae.GpuWorker.Pipeline;

/// <summary>Takes a layer's state as it comes from peers, piece by piece, wherever its tensors are.</summary>
/// <param name="state">What is filled.</param>
/// <param name="stagings">Host memory for those on a device; whoever made the bag disposes of them.</param>
internal sealed class LayerStateTarget(LayerState state, ConcurrentBag<HostStaging> stagings) : IStateTarget
{
    public IReadOnlyList<long> Lengths { get; } = [.. state.Tensors.Select(t => t.numel() * t.element_size())];

    public void Take(int part, long offset, int count, StateFiller fill)
    {
        if (!stagings.TryTake(out var staging)) staging = new HostStaging();
        try
        {
            // Ranges and chunks are whole elements.
            long size = state.Tensors[part].element_size();
            using var piece = state.Tensors[part].narrow(0, offset / size, count / size);
            fill(staging.OpenBytes(piece).Span);
            staging.Write(piece);
        }
        finally
        {
            stagings.Add(staging);
        }
    }
}
