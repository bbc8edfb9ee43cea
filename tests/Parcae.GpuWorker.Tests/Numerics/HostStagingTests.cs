using Parcae.GpuWorker.Numerics;
using Xunit;
using static TorchSharp.torch;

namespace Parcae.GpuWorker.Tests.Numerics;

public sealed class HostStagingTests
{
    [Fact]
    public void A_contiguous_tensor_on_the_cpu_is_its_own_memory()
    {
        using var scope = NewDisposeScope();
        using var staging = new HostStaging();
        var tensor = zeros(2, 3);
        staging.Read(tensor).Span[4] = 7;
        staging.Write(tensor);
        Assert.Equal(7, tensor[1, 1].item<float>());
        Assert.Equal(0, staging.HeldBytes);
    }

    [Fact]
    public void Any_other_tensor_goes_through_host_memory_that_is_kept()
    {
        using var scope = NewDisposeScope();
        using var staging = new HostStaging();
        var whole = arange(12, dtype: ScalarType.Float32).reshape(3, 4);
        var column = whole.narrow(1, 1, 2); // not contiguous, as a tensor on another device is not reachable
        Assert.Equal([1, 2, 5, 6, 9, 10], staging.Read(column).ToArray());
        staging.Open(column).Span.Fill(-1);
        Assert.Equal(5, whole[1, 1].item<float>());
        staging.Write(column);
        Assert.Equal([0, -1, -1, 3, 4, -1, -1, 7, 8, -1, -1, 11], whole.Floats().ToArray());
        Assert.Equal(24, staging.HeldBytes);
        Assert.Equal(8, staging.ReadBytes(whole.narrow(1, 0, 1).narrow(0, 0, 2)).Length);
        Assert.Equal(24, staging.HeldBytes);
    }
}
