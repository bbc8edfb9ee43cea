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
