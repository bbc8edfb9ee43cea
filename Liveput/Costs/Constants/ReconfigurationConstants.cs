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
    public double ModelBuild(int depth)
    {
        if (ModelBuildMs.TryGetValue(depth, out double ms)) return ms;
        (int Depth, double Ms) best = (-1, 0);
        foreach (var (other, value) in ModelBuildMs)
        {
            bool better = best.Depth < 0 || (other < depth ? best.Depth > depth || other > best.Depth : best.Depth > depth && other < best.Depth);
            if (better) best = (other, value);
        }

        return best.Ms;
    }
}
