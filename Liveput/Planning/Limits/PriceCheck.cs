using Parcae.Liveput.Profiles;

namespace Parcae.Liveput.Planning.Limits;

/// <summary>Refuses prices that limits cannot reckon with.</summary>
internal static class PriceCheck
{
    public static void Spot(InstancePrices prices) => AboveZero(prices.SpotPerHour, nameof(prices.SpotPerHour));

    public static void OnDemand(InstancePrices prices) => AboveZero(prices.OnDemandPerHour, nameof(prices.OnDemandPerHour));

    private static void AboveZero(double usdPerHour, string name)
    {
        if (!(usdPerHour > 0) || !double.IsFinite(usdPerHour)) throw new ArgumentOutOfRangeException(name, usdPerHour, $"{name} must be above 0 USD per hour.");
    }
}
