using Parcae.Liveput.Profiles;

namespace Parcae.Liveput.Planning.Limits;

/// <summary>What a job may spend: a plan sees no more spot instances than the budget pays for.</summary>
/// <remarks>Instances beyond it are not worth renting, not even as spares; a plan made under a budget assumes that they are given back.</remarks>
public sealed record HourlyBudget
{
    /// <summary>A budget.</summary>
    /// <param name="usdPerHour">USD per hour, at least 0.</param>
    /// <param name="prices">What instances cost; null for those of a p3.2xlarge.</param>
    /// <exception cref="ArgumentOutOfRangeException">The budget is negative or not a number, or a price is not above 0.</exception>
    public HourlyBudget(double usdPerHour, InstancePrices? prices = null)
    {
        if (!(usdPerHour >= 0)) throw new ArgumentOutOfRangeException(nameof(usdPerHour), usdPerHour, "A budget must be at least 0 USD per hour.");
        (UsdPerHour, Prices) = (usdPerHour, prices ?? InstancePrices.P32XLarge);
        PriceCheck.Spot(Prices);

        // A budget stated as so many times the price pays for so many, whatever the rounding.
        MaxInstances = (int)Math.Min(int.MaxValue, Math.Floor((usdPerHour / Prices.SpotPerHour) + 1e-9));
    }

    /// <summary>USD per hour.</summary>
    public double UsdPerHour { get; }

    /// <summary>What instances cost.</summary>
    public InstancePrices Prices { get; }

    /// <summary>How many spot instances it pays for.</summary>
    public int MaxInstances { get; }

    /// <summary>How many of <paramref name="available"/> instances it does not pay for.</summary>
    public int Beyond(int available) => Math.Max(0, available - MaxInstances);

    /// <summary>The request as it is with the affordable instances alone: fewer of them, and of what the forecast loses and gains only their share.</summary>
    public PlanRequest Apply(PlanRequest request)
    {
        ArgumentNullException.ThrowIfNull(request);
        if (request.Available <= MaxInstances && request.Forecast.Intervals.All(i => i.Available.Length - 1 <= MaxInstances)) return request;
        return request with { Available = Math.Min(request.Available, MaxInstances), Forecast = AffordableForecast.Of(request.Forecast, request.Available, MaxInstances) };
    }
}
