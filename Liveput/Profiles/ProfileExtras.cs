using Parcae.Liveput.Costs.Constants;

namespace Parcae.Liveput.Profiles;

/// <summary>What a measured profile may hold beside throughputs.</summary>
public sealed record ProfileExtras
{
    /// <summary>Where the figures come from, or null.</summary>
    public string? Source { get; init; }

    /// <summary>Bytes of one parameter's state that a transfer moves. The default value is 12: value and two moments, float32.</summary>
    public int StateBytesPerParameter { get; init; } = PlanningProfile.DefaultStateBytesPerParameter;

    /// <summary>Constants of reconfiguration, or null where none were measured.</summary>
    public ReconfigurationConstants? Reconfiguration { get; init; }

    /// <summary>Prices of an instance, or null where none are known.</summary>
    public InstancePrices? Prices { get; init; }
}
