using Parcae.Liveput.Profiles;

namespace Parcae.Liveput.Costs.Constants;

/// <summary>Measured constants of changing a plan, part of a profile: what the simulated cost models are made of.</summary>
public sealed record ReconfigurationConstants
{
    /// <summary>Instances that join find each other, milliseconds. The default value is 6600.</summary>
    public double RendezvousMs { get; init; } = 6600;

    /// <summary>On top when instances join, milliseconds. The default value is 0.</summary>
    public double RestartExtraMs { get; init; }

    /// <summary>Start of a worker process, milliseconds. The default value is 0.</summary>
    public double ProcessStartMs { get; init; }

    /// <summary>Building a stage of the model on its instance, milliseconds by depth.</summary>
    public required IReadOnlyDictionary<int, double> ModelBuildMs { get; init; }

    /// <summary>Writing a checkpoint, milliseconds; policies that restart from one pay it. The default value is 14000.</summary>
    public double CheckpointMs { get; init; } = 14_000;

    /// <summary>Communication groups.</summary>
    public required GroupSetup Groups { get; init; }

    /// <summary>Point-to-point transfers. The default is <see cref="TransferTable.TenGigabit"/>.</summary>
    public TransferTable Transfers { get; init; } = TransferTable.TenGigabit;

    /// <summary>Starting all workers of a strategy, milliseconds, without the transfer of state: rendezvous when instances join, groups, processes, model.</summary>
    public double RestartMs(Strategy to, bool joining) =>
        (joining ? RendezvousMs + RestartExtraMs : 0) + Groups.Milliseconds(to, joining) + ProcessStartMs + ModelBuild(to.Depth);

    /// <summary>Time to build the model at a depth, milliseconds; for a depth that was not measured, that of the nearest smaller one, else of the nearest.</summary>
    public double ModelBuild(int depth) => ModelBuildMs.DefaultIfEmpty().MinBy(b => (b.Key > depth, Math.Abs(b.Key - depth))).Value;

    /// <summary>A profile's constants.</summary>
    /// <exception cref="ArgumentException">It holds none.</exception>
    internal static ReconfigurationConstants Of(PlanningProfile profile)
    {
        ArgumentNullException.ThrowIfNull(profile);
        return profile.Reconfiguration
            ?? throw new ArgumentException($"The profile of {profile.Model} holds no modelBuildMs; simulated costs need its constants of reconfiguration.", nameof(profile));
    }
}
