using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Orleans.Configuration;
using Orleans.Runtime.MembershipService.SiloMetadata;
using Orleans.Streams;
using Parcae.Grains;
using Parcae.Grains.Hosting;
using Parcae.Silo.Health;

namespace Parcae.Silo.Hosting;

/// <summary>Which parts of Parcae a silo has, while it is being configured; what all parts need is added with the first one.</summary>
internal sealed class SiloParts
{
    // Read when the silo starts: by then every part has been added.
    private readonly Dictionary<string, string> _metadata = new(StringComparer.Ordinal);

    /// <summary>Notes that the silo carries grains, whatever else it does: placement prefers it.</summary>
    public void SetControl() => _metadata[ParcaeNames.RoleKey] = ParcaeNames.ControlRole;

    /// <summary>Notes that the silo has a worker.</summary>
    public void SetWorker() => _metadata.TryAdd(ParcaeNames.RoleKey, ParcaeNames.WorkerRole);

    /// <summary>The parts of a silo.</summary>
    public static SiloParts Of(ISiloBuilder silo)
    {
        if (silo.Services.FirstOrDefault(s => s.ServiceType == typeof(SiloParts))?.ImplementationInstance is SiloParts known) return known;
        var parts = new SiloParts();
        silo.Services.AddSingleton(parts);
        silo.UseSiloMetadata(parts._metadata).AddActivityPropagation().AddParcaeGrains();
        silo.Services.TryAddSingleton(TimeProvider.System);
        silo.Services.AddInstanceHealth();
        if (!silo.Services.Any(s => s.IsKeyedService && s.ServiceType == typeof(IStreamProvider) && Equals(s.ServiceKey, ParcaeNames.StreamProvider))) AddStreams(silo);
        parts.UseFailureDetection(silo);
        return parts;
    }

    /// <summary>Streams in memory: the fleet's log is the truth, a message only makes it heard sooner.</summary>
    private static void AddStreams(ISiloBuilder silo) => silo.AddMemoryStreams(ParcaeNames.StreamProvider, streams =>
    {
        streams.ConfigurePartitioning(1);
        streams.ConfigurePullingAgent(o => o.Configure(a => a.GetQueueMsgsTimerPeriod = TimeSpan.FromMilliseconds(25)));
    });

    /// <summary>
    /// A dead silo must be seen in seconds; the price is a false positive when a machine is starved for that long (docs/hosting.md). Where there are three silos it takes two to declare one dead, and workers take twice as long to
    /// say so: else a worker whose network is broken could end a control silo that nothing is wrong with.
    /// </summary>
    private void UseFailureDetection(ISiloBuilder silo)
    {
        silo.Configure<ClusterMembershipOptions>(o =>
        {
            // Not adapted to how fast answers come: a vote also waits until a connection has brought nothing for the longest time times the limit, and until a silo that is silent is declared dead whatever it knows of other grains' places is out of reach.
            o.ProbeTimeout = o.MinProbeTimeout = o.MaxProbeTimeout = TimeSpan.FromSeconds(1);
            o.NumMissedProbesLimit = _metadata[ParcaeNames.RoleKey] == ParcaeNames.ControlRole ? 3 : 6;
            o.NumVotesForDeathDeclaration = 2;
            o.TableRefreshTimeout = TimeSpan.FromSeconds(2);
            o.IAmAliveTablePublishTimeout = TimeSpan.FromSeconds(2);
            o.EnableIndirectProbes = false;
        });
        silo.Configure<ConnectionOptions>(o => o.OpenConnectionTimeout = TimeSpan.FromSeconds(1));
        silo.Configure<SiloMessagingOptions>(o => o.ResponseTimeout = TimeSpan.FromSeconds(30));
    }
}
