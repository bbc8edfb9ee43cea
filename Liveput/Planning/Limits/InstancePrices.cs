namespace Parcae.Liveput.Planning.Limits;

/// <summary>What instances cost, USD per instance and hour. The defaults are those of an AWS p3.2xlarge (one V100).</summary>
public sealed record InstancePrices
{
    /// <summary>The defaults.</summary>
    public static InstancePrices Default { get; } = new();

    /// <summary>A preemptible instance. The default value is 0.918.</summary>
    public double SpotUsdPerHour { get; init; } = 0.918;

    /// <summary>An instance that stays. The default value is 3.06.</summary>
    public double OnDemandUsdPerHour { get; init; } = 3.06;

    /// <summary>Throws when a price is not above 0; the message names it.</summary>
    internal void Validate()
    {
        if (!(SpotUsdPerHour > 0) || !double.IsFinite(SpotUsdPerHour)) throw new ArgumentOutOfRangeException(nameof(SpotUsdPerHour), SpotUsdPerHour, "A spot instance must cost more than 0 USD per hour.");
        if (!(OnDemandUsdPerHour > 0) || !double.IsFinite(OnDemandUsdPerHour))
        {
            throw new ArgumentOutOfRangeException(nameof(OnDemandUsdPerHour), OnDemandUsdPerHour, "An on-demand instance must cost more than 0 USD per hour.");
        }
    }
}
