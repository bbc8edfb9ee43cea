namespace Parcae.Liveput.Costs;

/// <summary>Kinds of change that cost differently (the paper, section 6).</summary>
public enum MigrationCaseKind
{
    /// <summary>Only routes change: every instance that goes on keeps its stage.</summary>
    IntraStage,

    /// <summary>Same depth, but some instances take over a stage that they did not hold.</summary>
    InterStage,

    /// <summary>The depth changes.</summary>
    Pipeline,

    /// <summary>From a pause, or the first plan.</summary>
    Start,
}

/// <summary>A change of strategy to be priced.</summary>
/// <param name="Kind">What kind of change.</param>
/// <param name="From">The strategy before; <see cref="Strategy.None"/> for a start.</param>
/// <param name="To">The strategy after; never a pause.</param>
/// <param name="Joining">Whether it needs more instances than are left of those in use, so that others join.</param>
public readonly record struct MigrationCase(MigrationCaseKind Kind, Strategy From, Strategy To, bool Joining = false)
{
    /// <summary>The case of going from <paramref name="from"/>, of which <paramref name="intact"/> pipelines can still be manned without moving a layer, to <paramref name="to"/>.</summary>
    /// <param name="from">Before.</param>
    /// <param name="intact">0 .. D.</param>
    /// <param name="to">After.</param>
    /// <param name="lost">Instances that were lost.</param>
    public static MigrationCase Between(Strategy from, int intact, Strategy to, int lost = 0) =>
        new(from.IsPause ? MigrationCaseKind.Start
            : from.Depth != to.Depth ? MigrationCaseKind.Pipeline
            : to.Pipelines <= intact ? MigrationCaseKind.IntraStage
            : MigrationCaseKind.InterStage, from, to, to.Instances > from.Instances - lost);
}

/// <summary>Prices changes of strategy.</summary>
public interface IMigrationCostModel
{
    /// <summary>How long training stands still, seconds; at least 0. Must depend on nothing but the case.</summary>
    double Seconds(MigrationCase migration);
}

/// <summary>Time for agreeing on a change, by kind, without the transfer of state.</summary>
public sealed record MigrationConstants
{
    /// <summary>Halt, new routes, go. The default value is 0.1 s.</summary>
    public double IntraStageSeconds { get; init; } = 0.1;

    /// <summary>The same with replicas that must be prepared. The default value is 0.2 s.</summary>
    public double InterStageSeconds { get; init; } = 0.2;

    /// <summary>The same with every stage cut anew. The default value is 0.3 s.</summary>
    public double PipelineSeconds { get; init; } = 0.3;

    /// <summary>The first plan, or one after a pause: every replica gets its layers. The default value is 0.5 s.</summary>
    public double StartSeconds { get; init; } = 0.5;
}

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
