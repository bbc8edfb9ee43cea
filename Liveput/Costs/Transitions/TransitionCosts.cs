using Parcae.Liveput.Profiles;

namespace Parcae.Liveput.Costs.Transitions;

/// <summary>Makes cost models by name.</summary>
public static class TransitionCosts
{
    /// <summary>Every name that <see cref="Create"/> knows.</summary>
    public static IReadOnlyList<string> Names { get; } = ["artifact", "corrected"];

    /// <summary>A cost model.</summary>
    /// <param name="name">One of <see cref="Names"/>.</param>
    /// <param name="profile">With constants of reconfiguration.</param>
    /// <param name="restartMs">A fixed cost in place of that of every restart, milliseconds, or null.</param>
    /// <exception cref="ArgumentException">There is no such model, or the profile holds no constants.</exception>
    public static ITransitionCosts Create(string name, PlanningProfile profile, double? restartMs = null) => name switch
    {
        "artifact" => new ArtifactCosts(profile, restartMs),
        "corrected" => new CorrectedCosts(profile, restartMs),
        _ => throw new ArgumentException($"There is no cost model '{name}'; there are {string.Join(", ", Names)}.", nameof(name)),
    };
}
