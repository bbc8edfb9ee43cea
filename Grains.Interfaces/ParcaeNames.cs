namespace Parcae.Grains;

/// <summary>Names that clients, grains and silos must agree on.</summary>
public static class ParcaeNames
{
    /// <summary>The Orleans stream provider that carries availability events.</summary>
    public const string StreamProvider = "availability";

    /// <summary>Namespace of the availability streams: one stream per fleet, its key the fleet's name.</summary>
    public const string AvailabilityNamespace = "availability";

    /// <summary>Grain storage of jobs, stages, instances and fleets.</summary>
    public const string Storage = "parcae";

    /// <summary>Name of the reminder that a job keeps until it ends.</summary>
    public const string JobReminder = "parcae.job";

    /// <summary>The fleet that is used where none is named.</summary>
    public const string DefaultFleet = "default";

    /// <summary>Silo metadata key whose value is <see cref="ControlRole"/> or <see cref="WorkerRole"/>.</summary>
    public const string RoleKey = "parcae.role";

    /// <summary>Role of silos on on-demand instances: grains, HTTP and the state vault.</summary>
    public const string ControlRole = "control";

    /// <summary>Role of silos on preemptible instances: the GPU worker.</summary>
    public const string WorkerRole = "worker";
}
