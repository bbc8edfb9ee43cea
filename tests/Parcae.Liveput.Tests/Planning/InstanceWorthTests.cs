using Parcae.Liveput.Planning;
using Parcae.Liveput.Profiles;

namespace Parcae.Liveput.Tests.Planning;

public sealed class InstanceWorthTests
{
    [Fact]
    public void Without_losses_it_is_the_throughput_of_the_best_strategy_that_fits()
    {
        var profile = BuiltInProfiles.Get("gpt-1.5b");
        double[] worth = InstanceWorth.Of(profile, 0, 32);
        Assert.All(Enumerable.Range(0, 33), n => Assert.Equal(
            Enumerable.Range(1, 32).SelectMany(d => Enumerable.Range(1, 32).Where(p => d * p <= n).Select(p => profile.Throughput(d, p))).DefaultIfEmpty(0).Max(), worth[n], 1e-9));
    }

    [Fact]
    public void Losses_are_reckoned_in_exactly()
    {
        var profile = BuiltInProfiles.Get("gpt-1.5b");
        double[] sure = InstanceWorth.Of(profile, 0, 12), worth = InstanceWorth.Of(profile, 0.1, 12);
        double expected = Enumerable.Range(0, 13).Sum(k => Choose(12, k) * Math.Pow(0.9, k) * Math.Pow(0.1, 12 - k) * sure[k]);
        Assert.Equal(expected, worth[12], 1e-9);
        Assert.All(worth.Zip(sure), w => Assert.True(w.First <= w.Second + 1e-12));
        Assert.All(InstanceWorth.Of(profile, 1, 12), w => Assert.Equal(0, w));
    }

    [Fact]
    public void It_never_falls_and_a_thousand_instances_take_no_time()
    {
        double[] worth = InstanceWorth.Of(BuiltInProfiles.Get("gpt-1.5b"), 0.02, 1000);
        Assert.All(worth.Zip(worth.Skip(1)), w => Assert.True(w.Second >= w.First * (1 - 1e-12)));
    }

    [Theory]
    [InlineData(-0.1)]
    [InlineData(1.1)]
    [InlineData(double.NaN)]
    public void A_rate_that_is_no_probability_is_refused(double rate) => Assert.Throws<ArgumentOutOfRangeException>(() => InstanceWorth.Of(BuiltInProfiles.Get("gpt-1.5b"), rate, 3));

    private static double Choose(int n, int k) => k == 0 ? 1 : Choose(n - 1, k - 1) * n / k;
}
