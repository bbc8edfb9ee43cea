using Parcae.GpuWorker.Models;
using Parcae.GpuWorker.Numerics;
using TorchSharp.Modules;
using Xunit;
using static TorchSharp.torch;

namespace Parcae.GpuWorker.Tests.Models;

public sealed class GeluTanhTests
{
    [Theory]
    [InlineData(1)]
    [InlineData(8)]
    [InlineData(1003)]
    [InlineData(200_001)] // several blocks and a rest
    public void Value_and_slope_agree_with_the_formula_in_float64(int length)
    {
        using var scope = NewDisposeScope();
        var x = length == 1 ? full(1, 0.7f) : linspace(-9, 9, length);
        var exact = x.to(ScalarType.Float64).requires_grad_();
        var expected = nn.functional.gelu(exact, GELU.Approximate.tanh, inplace: false);
        var slope = autograd.grad([expected], [exact], [ones_like(expected)])[0];

        x.requires_grad_();
        var y = GeluTanh.Of(x);
        var weights = linspace(-1, 1, length);
        var gradient = autograd.grad([y], [x], [weights])[0];
        Assert.InRange((y - expected).abs().max().item<double>(), 0, 1e-6);
        Assert.InRange((gradient - slope * weights).abs().max().item<double>(), 0, 2e-6);
    }

    [Fact]
    public void Without_a_gradient_the_values_have_the_same_bits()
    {
        using var scope = NewDisposeScope();
        var x = empty(77, 13).normal_(0, 3);
        var expected = GeluTanh.Of(x.detach().requires_grad_()).detach().Bytes().ToArray();
        Assert.Equal(expected, GeluTanh.Of(x).Bytes().ToArray());
        using var noGrad = no_grad();
        Assert.Equal(expected, GeluTanh.Of(x.requires_grad_()).Bytes().ToArray());
    }

    [Fact]
    public void Far_out_it_is_the_identity_or_zero_and_no_number_stays_none()
    {
        using var scope = NewDisposeScope();
        var x = tensor(new[] { 50f, 1e6f, -50f, -1e6f, float.NaN, float.PositiveInfinity });
        var y = GeluTanh.Of(x).data<float>().ToArray();
        Assert.Equal([50f, 1e6f], y[..2]);
        Assert.InRange(y[2], -1e-30f, 0);
        Assert.InRange(y[3], -1e-30f, 0);
        Assert.True(float.IsNaN(y[4]));
        Assert.False(float.IsFinite(y[5]));
    }
}
