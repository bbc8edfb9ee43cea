using System.Collections.Concurrent;

namespace Parcae.Liveput.Profiles;

/// <summary>Profiles that come with the product: the five models of the Parcae artifact (NSDI '24) on AWS p3.2xlarge.</summary>
public static class BuiltInProfiles
{
    private const string Prefix = "profile.";

    private static readonly ConcurrentDictionary<string, PlanningProfile> Loaded = new(StringComparer.OrdinalIgnoreCase);

    /// <summary>Every name that <see cref="Get"/> knows.</summary>
    public static IReadOnlyList<string> Names { get; } = [.. typeof(BuiltInProfiles).Assembly.GetManifestResourceNames()
        .Where(n => n.StartsWith(Prefix, StringComparison.Ordinal)).Select(n => n[Prefix.Length..^".json".Length]).Order(StringComparer.Ordinal)];

    /// <summary>A built-in profile by its name, any case.</summary>
    /// <exception cref="ArgumentException">There is none of that name; the message lists those that there are.</exception>
    public static PlanningProfile Get(string name) =>
        TryGet(name) ?? throw new ArgumentException($"There is no built-in profile '{name}'; there are {string.Join(", ", Names)}.", nameof(name));

    /// <summary>A built-in profile by its name, any case, or null when there is none of that name.</summary>
    public static PlanningProfile? TryGet(string name)
    {
        ArgumentNullException.ThrowIfNull(name);
        string? known = Names.FirstOrDefault(n => string.Equals(n, name, StringComparison.OrdinalIgnoreCase));
        return known is null ? null : Loaded.GetOrAdd(known, Load);
    }

    private static PlanningProfile Load(string name)
    {
        string resource = $"{Prefix}{name}.json";
        return ProfileFile.Parse(resource, EmbeddedFile.Read(resource));
    }
}
