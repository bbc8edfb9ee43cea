using System.Collections.Concurrent;

namespace Parcae.Liveput.Costs.Transitions;

/// <summary>Lets the optimizer look ahead with the prices of a simulation. An instance may be asked on several threads at once.</summary>
/// <param name="costs">The simulation's prices.</param>
public sealed class TransitionPlanning(ITransitionCosts costs) : IMigrationCostModel, IMigrationCostParts
{
    private readonly ConcurrentDictionary<MigrationCase, double> _seconds = new();

    /// <inheritdoc/>
    public double Seconds(MigrationCase migration) =>
        _seconds.GetOrAdd(migration, static (migration, costs) => costs.TypicalMs(migration) / 1000, costs);

    /// <inheritdoc/>
    public IReadOnlyList<MigrationPart> Parts(MigrationCase migration) => costs.TypicalParts(migration);
}
