using Parcae.GpuWorker.Numerics;
using Xunit;

namespace Parcae.GpuWorker.Tests.Pipeline;

/// <summary>Layers as bytes: parameters and moments.</summary>
internal static class LayerBytes
{
    public static byte[][] Of(IEnumerable<LayerState> states) => [.. states.Select(s => s.Tensors.SelectMany(BytesOf).ToArray())];

    // Wherever the tensor is; a copy in host memory is gone again.
    private static byte[] BytesOf(TorchSharp.torch.Tensor tensor)
    {
        using var host = tensor.cpu();
        return host.Bytes().ToArray();
    }

    /// <summary>Compares layer by layer: for nested collections the assertion library calls a method for each byte by reflection.</summary>
    public static void AssertEqual(byte[][] expected, byte[][] actual)
    {
        Assert.Equal(expected.Length, actual.Length);
        foreach (var (layer, (one, other)) in expected.Zip(actual).Index()) Assert.True(one.AsSpan().SequenceEqual(other), $"Layer {layer} differs.");
    }
}
