using Parcae.Liveput.Costs.Constants;
using Parcae.Liveput.Profiles;

namespace Parcae.Liveput.Costs.Transitions;

/// <summary>Costs from a profile's constants of reconfiguration: new routes, or a restart and a transfer of state.</summary>
public abstract class RestartingCosts : ITransitionCosts
{
    private readonly double? _restartMs;

    private protected RestartingCosts(PlanningProfile profile, double? restartMs)
    {
        Constants = ReconfigurationConstants.Of(profile);
        if (restartMs is not (null or (>= 0 and < double.PositiveInfinity))) throw new ArgumentOutOfRangeException(nameof(restartMs), restartMs, "A restart takes at least 0 ms.");
        (Profile, _restartMs) = (profile, restartMs);
        Stages = new StageSizes(profile, Constants.Transfers);
    }

    /// <inheritdoc/>
    public abstract string Name { get; }

    /// <inheritdoc/>
    public PlanningProfile Profile { get; }

    private protected ReconfigurationConstants Constants { get; }

    private protected StageSizes Stages { get; }

    /// <inheritdoc/>
    public double RestartMs(Strategy to, bool joining) => _restartMs ?? Constants.RestartMs(to, joining);

    /// <summary>Setting up the groups of a strategy again when nobody needs a layer, milliseconds.</summary>
    public double RoutesMs(Strategy to) => Constants.Groups.Milliseconds(to, joining: false) + Constants.ProcessStartMs;

    /// <inheritdoc/>
    public abstract double DuringMs(double owedMs, double ms, Strategy to);

    /// <inheritdoc/>
    public abstract double ExpectedMs(in Transition transition);

    /// <inheritdoc/>
    public abstract double Ms(in Transition transition, ReadOnlySpan<bool> lostInstances);

    /// <inheritdoc/>
    public double TypicalMs(in MigrationCase migration)
    {
        var (restarts, joining, transferMs) = Typical(migration);
        return (restarts ? RestartMs(migration.To, joining) : RoutesMs(migration.To)) + transferMs;
    }

    /// <inheritdoc/>
    public IReadOnlyList<MigrationPart> TypicalParts(in MigrationCase migration)
    {
        var (to, (restarts, joining, transferMs)) = (migration.To, Typical(migration));
        (string Name, double Ms)[] parts = restarts && _restartMs is { } whole
            ? [("restart", whole), ("transfer", transferMs)]
            :
            [
                ("rendezvous", restarts && joining ? Constants.RendezvousMs + Constants.RestartExtraMs : 0),
                ("groups", Constants.Groups.Milliseconds(to, restarts && joining)),
                ("process", Constants.ProcessStartMs),
                ("model build", restarts ? Constants.ModelBuild(to.Depth) : 0),
                ("transfer", transferMs),
            ];
        return [.. from part in parts where part.Ms > 0 select new MigrationPart(part.Name, part.Ms / 1000)];
    }

    /// <summary>What a kind of change typically takes: whether workers restart, else only routes change; whether instances join then; and the transfer of state, milliseconds.</summary>
    private protected abstract (bool Restarts, bool Joining, double TransferMs) Typical(in MigrationCase migration);
}
