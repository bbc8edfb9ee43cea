using Parcae.Grains.Jobs.Planning;
using Parcae.Liveput.Forecasting;

namespace Parcae.Grains.Tests.Planning;

public sealed class ForecastBandsTests
{
    [Theory]
    [InlineData(new[] { 0.0, 0, 1 }, 2, 2)]
    [InlineData(new[] { 0.1, 0.2, 0.4, 0.2, 0.1 }, 0, 3)]
    [InlineData(new[] { 0.05, 0.25, 0.4, 0.25, 0.05 }, 1, 3)]
    [InlineData(new[] { 0.5, 0, 0, 0.4999999999 }, 0, 3)]
    public void A_band_leaves_a_tenth_out_on_either_side(double[] counts, int low, int high)
    {
        var band = Assert.Single(ForecastBands.Of(new AvailabilityForecast([new IntervalForecast { Available = counts, Lost = [1] }])));
        Assert.Equal((low, high), (band.Low, band.High));
        Assert.Equal(counts.Select((p, n) => p * n).Sum(), band.Mean, 12);
    }
}
