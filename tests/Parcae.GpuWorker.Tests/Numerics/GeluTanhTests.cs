using Parcae.GpuWorker.Numerics;
using TorchSharp.Modules;
using Xunit;
using static TorchSharp.torch;

namespace Parcae.GpuWorker.Tests.Numerics;

[Collection(AloneCollection.Name)] // the number of threads is the process's
public sealed class GeluTanhTests
{
    [Theory]
    [InlineData(1)]
    [InlineData(8)]
    [InlineData(1003)]
    [InlineData(200_001)] // several blocks and a rest
    public void Value_and_gradient_agree_with_the_formula_in_float64(int length)
    {
        using var scope = NewDisposeScope();
        var x = length == 1 ? full(1, 0.7f) : linspace(-9, 9, length);
        var exact = x.to(ScalarType.Float64).requires_grad_();
        var expected = nn.functional.gelu(exact, GELU.Approximate.tanh, inplace: false);
        var slope = autograd.grad([expected], [exact], [ones_like(expected)])[0];

        var weights = length == 1 ? full(1, -3f) : linspace(-1, 1, length);
        Assert.InRange((GeluTanh.Value(x) - expected).abs().max().item<double>(), 0, 1e-6);
        Assert.InRange((GeluTanh.Gradient(x, weights) - slope * weights).abs().max().item<double>(), 0, 2e-6);
    }

    [Fact]
    public void The_number_of_threads_changes_no_bit()
    {
        using var scope = NewDisposeScope();
        var (x, gradient) = (empty(300_001).normal_(0, 3), empty(300_001).normal_());
        int threads = get_num_threads();
        try
        {
            set_num_threads(1);
            var (value, one) = (GeluTanh.Value(x), GeluTanh.Gradient(x, gradient));
            set_num_threads(3);
            Assert.Equal(value.Bytes().ToArray(), GeluTanh.Value(x).Bytes().ToArray());
            Assert.Equal(one.Bytes().ToArray(), GeluTanh.Gradient(x, gradient).Bytes().ToArray());
        }
        finally
        {
            set_num_threads(threads);
        }
    }

    [Fact]
    public void Far_out_it_is_the_identity_or_zero_and_no_number_stays_none()
    {
        using var scope = NewDisposeScope();
        var y = GeluTanh.Value(tensor(new[] { 50f, 1e6f, -50f, -1e6f, float.NaN, float.PositiveInfinity })).data<float>().ToArray();
        Assert.Equal([50f, 1e6f], y[..2]);
        Assert.InRange(y[2], -1e-30f, 0);
        Assert.InRange(y[3], -1e-30f, 0);
        Assert.True(float.IsNaN(y[4]));
        Assert.False(float.IsFinite(y[5]));
    }
}
