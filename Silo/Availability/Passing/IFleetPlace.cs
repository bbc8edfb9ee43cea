namespace Parcae.Silo.Availability.Passing;

/// <summary>This instance's place in its fleet. Calls fail when the control plane is away.</summary>
internal interface IFleetPlace
{
    /// <summary>Tells the fleet that this instance will be gone. Repeats are harmless.</summary>
    /// <exception cref="KeyNotFoundException">The fleet does not know this instance (yet, or any more).</exception>
    Task NoticeAsync(TimeSpan remaining, string reason);

    /// <summary>What still needs this instance, for people, or null: it may go.</summary>
    Task<string?> NeededByAsync();
}
