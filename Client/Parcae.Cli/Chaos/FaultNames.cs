using System.Text.Json;

using Parcae.Cli.Commands;
using Parcae.Grains;

namespace Parcae.Cli.Chaos;

/// <summary>Points and kinds of faults as they are typed and printed: <c>mid-all-reduce</c>, <c>cut-connection</c>.</summary>
internal static class FaultNames
{
    /// <summary>Every point.</summary>
    public static IReadOnlyList<FaultPoint> Points { get; } = Enum.GetValues<FaultPoint>();

    /// <summary>Every kind.</summary>
    public static IReadOnlyList<FaultKind> Kinds { get; } = Enum.GetValues<FaultKind>();

    /// <summary>The name of a point or a kind.</summary>
    public static string Of<T>(T value) where T : struct, Enum => JsonNamingPolicy.KebabCaseLower.ConvertName($"{value}");

    /// <summary>The values of a list of names, <c>a,b</c>; all where there is none.</summary>
    /// <exception cref="UsageException">A name is none; says which there are.</exception>
    public static IReadOnlyList<T> Parse<T>(string option, string? names, IReadOnlyList<T> all) where T : struct, Enum
    {
        if (names is null) return all;
        var chosen = new List<T>();
        foreach (string name in names.Split(',', StringSplitOptions.TrimEntries))
        {
            int at = all.ToList().FindIndex(v => Of(v) == name);
            if (at < 0) throw new UsageException($"{option}: '{name}' is not valid; it must be one or more of {string.Join(", ", all.Select(Of))}, joined by commas.");
            if (!chosen.Contains(all[at])) chosen.Add(all[at]);
        }

        return chosen;
    }
}
