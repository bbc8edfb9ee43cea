using System.Numerics;
using System.Runtime.InteropServices;
using Parcae.GpuWorker.Models;
using static TorchSharp.torch;

namespace Parcae.GpuWorker.Numerics;

/// <summary>The update of one step with its coefficients, on host memory in one pass, or on a device operation by operation, none of them fused: both round alike where the device rounds as IEEE 754 says.</summary>
/// <param name="microBatches">M.</param>
internal abstract class LayerUpdate(int microBatches)
{
    // What is left of a running statistic after M micro-batches.
    private readonly float _keepStatistic = (float)Math.Pow(1 - LayerPass.StatisticMomentum, microBatches);

    /// <summary>Updates some elements of one parameter in host memory.</summary>
    /// <param name="slice">The parameter.</param>
    /// <param name="tensors">The layer's flat tensors.</param>
    /// <param name="from">Where the elements begin in them.</param>
    /// <param name="gradient">Their summed gradients.</param>
    public void OnHost(ParameterSlice slice, Memory<float>[] tensors, int from, ReadOnlySpan<float> gradient)
    {
        int length = gradient.Length;
        Span<float> Part(int tensor) => tensors[tensor].Span.Slice(from, length);
        if (slice.Role == ParameterRole.Statistic) Statistic(Part(0), gradient);
        else Train(slice, Part(0), tensors.Length > 1 ? Part(1) : default, tensors.Length > 2 ? Part(2) : default, gradient);
    }

    /// <summary>Updates a layer where its tensors are: parameters that follow each other and are trained alike at once.</summary>
    public void OnDevice(LayerLayout layout, Tensor[] tensors, Tensor gradient)
    {
        var parameters = layout.Parameters;
        for (int first = 0, next; first < parameters.Count; first = next)
        {
            bool statistic = parameters[first].Role == ParameterRole.Statistic;
            for (next = first + 1; next < parameters.Count && (parameters[next].Role == ParameterRole.Statistic) == statistic && parameters[next].Offset == End(next - 1); next++)
            {
            }

            using var scope = NewDisposeScope();
            long from = parameters[first].Offset, length = End(next - 1) - from;
            Tensor Part(Tensor flat) => flat.narrow(0, from, length);
            if (statistic) Part(tensors[0]).TimesInPlace(_keepStatistic).PlusInPlace(Part(gradient));
            else Train([.. parameters.Skip(first).Take(next - first).Select(p => (p, p.Offset - from))], [.. tensors.Select(Part)], Part(gradient));
        }

        long End(int parameter) => parameters[parameter].Offset + parameters[parameter].Length;
    }

    /// <summary>Trains a parameter on the host; slots that the optimizer does not have are empty.</summary>
    protected abstract void Train(ParameterSlice slice, Span<float> parameters, Span<float> first, Span<float> second, ReadOnlySpan<float> gradient);

    /// <summary>Trains parameters with Torch's operations, for each element the same ones in the same order as on the host, and none of them fused.</summary>
    /// <param name="slices">The parameters, and where each begins in the tensors.</param>
    /// <param name="tensors">Their part of the layer's flat tensors.</param>
    /// <param name="gradient">Their summed gradient.</param>
    protected abstract void Train(IReadOnlyList<(ParameterSlice Parameter, long From)> slices, Tensor[] tensors, Tensor gradient);

    /// <summary>As vectors of whatever width the machine has; what is left over is done one by one, with the same operations in the same order.</summary>
    protected static Span<Vector<float>> Vectors(Span<float> span) => MemoryMarshal.Cast<float, Vector<float>>(span);

    /// <inheritdoc cref="Vectors(Span{float})"/>
    protected static ReadOnlySpan<Vector<float>> Vectors(ReadOnlySpan<float> span) => MemoryMarshal.Cast<float, Vector<float>>(span);

    private void Statistic(Span<float> running, ReadOnlySpan<float> samples)
    {
        for (int i = 0; i < running.Length; i++) running[i] = running[i] * _keepStatistic + samples[i];
    }
}
