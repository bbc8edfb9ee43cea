namespace Parcae.Liveput.Costs;

/// <summary>Prices changes of strategy.</summary>
public interface IMigrationCostModel
{
    /// <summary>How long training stands still, seconds; at least 0. Must depend on nothing but the case.</summary>
    double Seconds(MigrationCase migration);
}

/// <summary>A cost model that can say what a change's time goes to.</summary>
public interface IMigrationCostParts
{
    /// <summary>The parts of <see cref="IMigrationCostModel.Seconds"/>, in the order in which they happen; their sum is that time.</summary>
    IReadOnlyList<MigrationPart> Parts(MigrationCase migration);
}
