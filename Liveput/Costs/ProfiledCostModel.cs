namespace Parcae.Liveput.Costs;

/// <summary>Costs from a profile: a constant for each kind, and the transfer of the new plan's largest stage over one link unless only routes change.</summary>
/// <remarks>
/// Replicas fetch in parallel, so the largest stage is what everyone waits for. This is an upper bound for a pipeline migration, where an instance
/// already holds a part of its new layers, and for instances that shadowed their layers before the switch.
/// </remarks>
public sealed class ProfiledCostModel : IMigrationCostModel, IMigrationCostParts
{
    private readonly MigrationConstants _constants;
    private readonly double[] _transferSeconds;

    /// <summary>A cost model for <paramref name="profile"/>.</summary>
    /// <exception cref="ArgumentOutOfRangeException">A constant is negative or not a number.</exception>
    public ProfiledCostModel(Profiles.PlanningProfile profile, MigrationConstants? constants = null)
    {
        ArgumentNullException.ThrowIfNull(profile);
        _constants = constants ?? new MigrationConstants();
        foreach (double seconds in (double[])[_constants.IntraStageSeconds, _constants.InterStageSeconds, _constants.PipelineSeconds, _constants.StartSeconds])
        {
            if (!(seconds >= 0) || !double.IsFinite(seconds))
            {
                throw new ArgumentOutOfRangeException(nameof(constants), seconds, "A migration takes at least 0 seconds.");
            }
        }

        _transferSeconds = new double[profile.MaxDepth + 1];
        for (int depth = 1; depth <= profile.MaxDepth; depth++) _transferSeconds[depth] = profile.LargestStageBytes(depth) / profile.LinkBytesPerSecond;
    }

    /// <inheritdoc/>
    public double Seconds(MigrationCase migration) => Agreement(migration.Kind) + Transfer(migration);

    /// <inheritdoc/>
    public IReadOnlyList<MigrationPart> Parts(MigrationCase migration) =>
        migration.Kind == MigrationCaseKind.IntraStage
            ? [new MigrationPart("agreement", Agreement(migration.Kind))]
            : [new MigrationPart("agreement", Agreement(migration.Kind)), new MigrationPart("transfer", Transfer(migration))];

    private double Agreement(MigrationCaseKind kind) => kind switch
    {
        MigrationCaseKind.IntraStage => _constants.IntraStageSeconds,
        MigrationCaseKind.InterStage => _constants.InterStageSeconds,
        MigrationCaseKind.Pipeline => _constants.PipelineSeconds,
        _ => _constants.StartSeconds,
    };

    private double Transfer(MigrationCase migration) =>
        migration.Kind != MigrationCaseKind.IntraStage && migration.To.Depth < _transferSeconds.Length ? _transferSeconds[migration.To.Depth] : 0;
}
