namespace Parcae.Liveput.Profiles;

/// <summary>What an instance costs.</summary>
/// <param name="SpotPerHour">USD an hour while preemptible.</param>
/// <param name="OnDemandPerHour">USD an hour on demand.</param>
public sealed record InstancePrices(double SpotPerHour, double OnDemandPerHour)
{
    /// <summary>AWS p3.2xlarge: spot 0.918, on demand 3.06.</summary>
    public static InstancePrices P32XLarge { get; } = new(0.918, 3.06);

    /// <summary>The prices of a known kind of instance, told by its name (<c>AWS p3.2xlarge ...</c>); null for others.</summary>
    public static InstancePrices? Of(string? instanceType) => instanceType?.Contains("p3.2xlarge", StringComparison.OrdinalIgnoreCase) == true ? P32XLarge : null;
}
