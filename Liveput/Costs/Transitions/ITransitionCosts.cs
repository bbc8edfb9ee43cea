using Parcae.Liveput.Profiles;

namespace Parcae.Liveput.Costs.Transitions;

/// <summary>What happens between two intervals, to be priced.</summary>
/// <param name="From">The strategy before; <see cref="Strategy.None"/> at the start and after a pause.</param>
/// <param name="Instances">N before, at least D * P; those beyond are spares.</param>
/// <param name="Joined">Instances that come.</param>
/// <param name="Lost">Of the N, lost uniformly at random.</param>
/// <param name="To">The strategy after; a pause costs nothing.</param>
public readonly record struct Transition(Strategy From, int Instances, int Joined, int Lost, Strategy To);

/// <summary>Prices transitions for the simulator: how long training stands still.</summary>
public interface ITransitionCosts
{
    /// <summary>Its name on the command line.</summary>
    string Name { get; }

    /// <summary>What the prices are for.</summary>
    PlanningProfile Profile { get; }

    /// <summary>Expectation over which instances are lost, milliseconds.</summary>
    double ExpectedMs(in Transition transition);

    /// <summary>When just these instances are lost, milliseconds.</summary>
    /// <param name="transition">What happens.</param>
    /// <param name="lostInstances">Which of the N are lost, <c>[N]</c>; instance k below D * P serves stage k mod P.</param>
    double Ms(in Transition transition, ReadOnlySpan<bool> lostInstances);

    /// <summary>Starting all workers of a strategy anew, milliseconds, without the transfer of state.</summary>
    /// <param name="to">The strategy.</param>
    /// <param name="joining">Whether instances join, or only leave.</param>
    double RestartMs(Strategy to, bool joining);

    /// <summary>What is owed when a migration of <paramref name="ms"/> begins while one that still takes <paramref name="owedMs"/> is running, milliseconds.</summary>
    double DuringMs(double owedMs, double ms, Strategy to);

    /// <summary>The price of a kind of change, for looking ahead: without the details of who is lost, milliseconds.</summary>
    double TypicalMs(in MigrationCase migration);

    /// <summary>What the time of <see cref="TypicalMs"/> goes to, in the order in which it happens; parts that take no time are left out.</summary>
    IReadOnlyList<MigrationPart> TypicalParts(in MigrationCase migration);
}
