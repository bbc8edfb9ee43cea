using Parcae.GpuWorker.Native;
using Xunit;
using static TorchSharp.torch;

namespace Parcae.GpuWorker.Tests.Native;

[Collection(AloneCollection.Name)]
public sealed class CudaArithmeticTests
{
    [Fact]
    public void Torch_s_switch_for_deterministic_algorithms_is_found_and_obeyed()
    {
        using var scope = NewDisposeScope();
        var (values, indices) = nn.functional.max_pool2d_with_indices(arange(16, dtype: ScalarType.Float32).view(1, 1, 4, 4), [2, 2]);
        // An operation that Torch refuses then, on the CPU too.
        Tensor Unpool() => nn.functional.max_unpool2d(values, indices, [4, 4]);
        CudaArithmetic.SetAlgorithms(true);
        try
        {
            Assert.Contains("deterministic", Assert.ThrowsAny<Exception>(Unpool).Message, StringComparison.Ordinal);
        }
        finally
        {
            CudaArithmetic.SetAlgorithms(false);
        }

        Assert.Equal(values.numel(), Unpool().count_nonzero().item<long>());
    }
}
