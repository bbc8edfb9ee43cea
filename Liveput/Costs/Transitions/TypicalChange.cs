using Parcae.Liveput.Costs.Constants;

namespace Parcae.Liveput.Costs.Transitions;

/// <summary>What a kind of change typically takes: new routes only, or a restart, and a transfer of state.</summary>
/// <param name="To">The strategy after.</param>
/// <param name="Restarts">Whether workers restart; else only routes change.</param>
/// <param name="Joining">Whether instances join in the restart.</param>
/// <param name="TransferMs">Milliseconds.</param>
internal readonly record struct TypicalChange(Strategy To, bool Restarts, bool Joining, double TransferMs)
{
    /// <summary>What its time goes to, in the order in which it happens; parts that take no time are left out.</summary>
    /// <param name="constants">Of the profile.</param>
    /// <param name="restartMs">A fixed cost in place of that of every restart, milliseconds, or null.</param>
    public IReadOnlyList<MigrationPart> Parts(ReconfigurationConstants constants, double? restartMs)
    {
        bool joining = Restarts && Joining;
        (string Name, double Ms)[] parts = Restarts && restartMs is { } whole
            ? [("restart", whole), ("transfer", TransferMs)]
            :
            [
                ("rendezvous", joining ? constants.RendezvousMs + constants.RestartExtraMs : 0),
                ("groups", constants.Groups.Milliseconds(To, joining)),
                ("process", constants.ProcessStartMs),
                ("model build", Restarts ? constants.ModelBuild(To.Depth) : 0),
                ("transfer", TransferMs),
            ];
        return [.. from part in parts where part.Ms > 0 select new MigrationPart(part.Name, part.Ms / 1000)];
    }
}
