namespace Parcae.Grains.Jobs.Planning;

/// <summary>The version at which a generation can begin, and who holds each layer at it.</summary>
internal sealed record StateTarget
{
    /// <summary>T, the version.</summary>
    public required int Version { get; init; }

    /// <summary>Instance ids that hold each layer at T, <c>[layers]</c>: workers first, then those that finish step T - 1 for it, then the vault's in the same order.</summary>
    public required string[][] Holders { get; init; }

    /// <summary>Instances that must finish step T - 1 for some layer.</summary>
    public required IReadOnlySet<string> Finishers { get; init; }

    /// <summary>The result of step T - 1 when there are <see cref="Finishers"/>; null otherwise.</summary>
    public StepResult? Finish { get; init; }
}

/// <summary>
/// Finds the highest version at which every layer is held by someone: at that version, or one below with the reduced gradients of the open step, which
/// can be finished when anyone knows its norm (design: a step that anyone passed is never run again unless a whole stage and its vault copy are gone).
/// </summary>
internal static class TargetVersion
{
    /// <summary>The highest common version, or null when some layer is held by nobody or the holders have no version in common.</summary>
    /// <param name="layers">Number of layers of the model.</param>
    /// <param name="survivors">What the workers hold.</param>
    /// <param name="vault">What each instance of the state vault holds.</param>
    /// <param name="resultOf">The result of a step, with its norm, when anyone knows it; else null.</param>
    public static StateTarget? Find(int layers, IReadOnlyCollection<HaltReport> survivors, IReadOnlyCollection<HaltReport> vault, Func<int, StepResult?> resultOf)
    {
        var versions = new SortedSet<int>(Comparer<int>.Create((a, b) => b.CompareTo(a)));
        foreach (var holding in survivors.Concat(vault).SelectMany(r => r.Layers))
        {
            versions.Add(holding.Version);
            if (holding.HasReducedGradients) versions.Add(holding.Version + 1);
        }

        return versions.Select(v => At(v, layers, survivors, vault, resultOf(v - 1))).FirstOrDefault(t => t is not null);
    }

    /// <summary>Version 0: layers that nobody holds are made from the seed.</summary>
    public static StateTarget Seed(int layers, IReadOnlyCollection<HaltReport> survivors) => new()
    {
        Version = 0,
        Holders = [.. Enumerable.Range(0, layers).Select(layer => HoldersAt(layer, 0, survivors))],
        Finishers = new HashSet<string>(),
    };

    private static string[] HoldersAt(int layer, int version, IEnumerable<HaltReport> reports) =>
        [.. reports.Where(r => r.Layers.Any(h => h.Layer == layer && h.Version == version)).Select(r => r.InstanceId).Order(StringComparer.Ordinal)];

    private static StateTarget? At(int version, int layers, IReadOnlyCollection<HaltReport> survivors, IReadOnlyCollection<HaltReport> vault, StepResult? last)
    {
        var holders = new string[layers][];
        var finishers = new SortedSet<string>(StringComparer.Ordinal);
        for (int layer = 0; layer < layers; layer++)
        {
            holders[layer] = [.. Of(survivors), .. Of(vault)];
            if (holders[layer].Length == 0) return null;

            IEnumerable<string> Of(IReadOnlyCollection<HaltReport> reports)
            {
                var there = HoldersAt(layer, version, reports);
                var below = last is null
                    ? []
                    : reports.Where(r => r.Layers.Any(h => h.Layer == layer && h.Version == version - 1 && h.HasReducedGradients))
                        .Select(r => r.InstanceId).Except(there).Order(StringComparer.Ordinal).ToArray();
                finishers.UnionWith(below);
                return [.. there, .. below];
            }
        }

        return new StateTarget { Version = version, Holders = holders, Finishers = finishers, Finish = finishers.Count > 0 ? last : null };
    }
}
