using Microsoft.Extensions.DependencyInjection;
using Orleans.Runtime.MembershipService.SiloMetadata;
using Orleans.Runtime.Placement;

namespace Parcae.Grains.Placement;

/// <summary>Places grains on control silos while there are any, so that a preemption never takes the brain along.</summary>
[GenerateSerializer, Immutable, SuppressReferenceTracking]
internal sealed class ControlFirstPlacement : PlacementStrategy;

/// <summary>
/// Chooses among the silos of the best class there is: those known to be control silos; else those whose role is not known (metadata of a fresh silo
/// arrives after the silo itself); else any.
/// </summary>
internal sealed class ControlFirstPlacementDirector(IServiceProvider services) : IPlacementDirector
{
    private readonly ISiloMetadataCache? _metadata = services.GetService<ISiloMetadataCache>();

    public Task<SiloAddress> OnAddActivation(PlacementStrategy strategy, PlacementTarget target, IPlacementContext context)
    {
        var silos = Best(context.GetCompatibleSilos(target), Role);
        if (IPlacementDirector.GetPlacementHint(target.RequestContextData, silos) is { } hint) return Task.FromResult(hint);
        return Task.FromResult(silos[Random.Shared.Next(silos.Length)]);
    }

    /// <summary>The silos of the best class that is present.</summary>
    internal static SiloAddress[] Best(SiloAddress[] silos, Func<SiloAddress, string?> role)
    {
        var control = silos.Where(s => role(s) == ParcaeNames.ControlRole).ToArray();
        if (control.Length > 0) return control;
        var unknown = silos.Where(s => role(s) is null).ToArray();
        return unknown.Length > 0 ? unknown : silos;
    }

    private string? Role(SiloAddress silo) => _metadata?.GetSiloMetadata(silo).Metadata.GetValueOrDefault(ParcaeNames.RoleKey);
}
