using Parcae.GpuWorker.Pipeline;
using Parcae.Grains;
using Xunit;

namespace Parcae.GpuWorker.Tests.Pipeline;

public sealed class StepResultCodecTests
{
    [Theory]
    [InlineData(2.5, 1.25, null)]
    [InlineData(2.5, 1.25, 0.0)]
    [InlineData(2.5, 1.25, 3.5)]
    [InlineData(double.NaN, double.PositiveInfinity, double.NaN)]
    public void A_result_comes_back_bit_for_bit(double loss, double norm, double? validation)
    {
        var result = new StepResult(int.MaxValue, loss, norm, ulong.MaxValue - 1, 48, 0.125, validation);
        Assert.Equal(result, StepResultCodec.FromBytes(StepResultCodec.ToBytes(result)));
    }

    [Fact]
    public void What_is_no_result_is_refused()
    {
        var bytes = StepResultCodec.ToBytes(new StepResult(1, 1, 1, 1, 1, 1));
        Assert.Throws<InvalidDataException>(() => StepResultCodec.FromBytes(bytes.AsSpan(1)));
        bytes[^1] = 2;
        Assert.Throws<InvalidDataException>(() => StepResultCodec.FromBytes(bytes));
    }
}
