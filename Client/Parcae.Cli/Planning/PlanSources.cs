using Parcae.Cli.Commands;
using Parcae.Liveput;
using Parcae.Liveput.Costs;
using Parcae.Liveput.Costs.Transitions;
using Parcae.Liveput.Forecasting;
using Parcae.Liveput.Profiles;

namespace Parcae.Cli.Planning;

/// <summary>Finds forecasters, prices and strategies by what was typed.</summary>
internal static class PlanSources
{
    private const string Profiled = "profiled";

    /// <summary>Names of the prices of changes.</summary>
    public static IReadOnlyList<string> CostModels { get; } = [Profiled, .. TransitionCosts.Names];

    /// <summary>A forecaster by its name.</summary>
    /// <param name="name">Any case.</param>
    /// <param name="maxInstances">Most instances that there can be; null: unknown.</param>
    /// <exception cref="UsageException">There is none of that name.</exception>
    public static IAvailabilityForecaster Forecaster(string name, int? maxInstances) =>
        Forecasters.Names.Contains(name, StringComparer.OrdinalIgnoreCase)
            ? Forecasters.Create(name, maxInstances: maxInstances)
            : throw new UsageException($"--forecast: '{name}' is not valid; it must be one of {string.Join(", ", Forecasters.Names)}.");

    /// <summary>The prices of changes by name; null: the corrected ones where the profile has constants of reconfiguration, else the profiled ones.</summary>
    /// <exception cref="UsageException">There is none of that name, or the profile lacks what it needs.</exception>
    public static (string Name, IMigrationCostModel Costs) Costs(string? name, PlanningProfile profile)
    {
        name = name?.ToLowerInvariant() ?? (profile.Reconfiguration is null ? Profiled : "corrected");
        if (name == Profiled) return (name, new ProfiledCostModel(profile));
        if (!TransitionCosts.Names.Contains(name)) throw new UsageException($"--cost-model: '{name}' is not valid; it must be one of {string.Join(", ", CostModels)}.");
        if (profile.Reconfiguration is null) throw new UsageException($"--cost-model: '{name}' needs the profile's constants of reconfiguration, and that of {profile.Model} holds no modelBuildMs; it must be {Profiled}.");
        return (name, new TransitionPlanning(TransitionCosts.Create(name, profile)));
    }

    /// <summary>A strategy: <c>4x8</c>, or <c>pause</c>.</summary>
    /// <exception cref="UsageException">It is neither.</exception>
    public static Strategy Strategy(string option, string text)
    {
        if (text == "pause") return Parcae.Liveput.Strategy.None;
        string[] parts = text.Split('x', 'X');
        if (parts.Length == 2 && int.TryParse(parts[0].Trim(), out int pipelines) && int.TryParse(parts[1].Trim(), out int depth) && pipelines is >= 1 and <= 65536 && depth is >= 1 and <= 4096)
            return new Strategy(pipelines, depth);
        throw new UsageException($"{option}: '{text}' is not valid; it must be pipelines x depth, like 4x8, or pause.");
    }
}
