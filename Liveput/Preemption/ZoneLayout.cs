namespace Parcae.Liveput.Preemption;

/// <summary>Which zone the replicas of each stage are in: zone z has N_z instances, of which U_{z,s} serve stage s and the others are spares.</summary>
public sealed class ZoneLayout
{
    private readonly int[] _instances;
    private readonly int[][] _replicas;

    /// <summary>A layout.</summary>
    /// <param name="instances">N_z, <c>[zones]</c>.</param>
    /// <param name="replicas">U_{z,s}, <c>[zones][stages]</c>; every stage has the same number over all zones, at least 1.</param>
    /// <exception cref="ArgumentException">The numbers contradict each other; the message says which.</exception>
    public ZoneLayout(IReadOnlyList<int> instances, IReadOnlyList<IReadOnlyList<int>> replicas)
    {
        ArgumentNullException.ThrowIfNull(instances);
        ArgumentNullException.ThrowIfNull(replicas);
        if (instances.Count == 0) throw new ArgumentException("There must be at least one zone.", nameof(instances));
        if (replicas.Count != instances.Count) throw new ArgumentException($"{instances.Count} zones have instances, {replicas.Count} have replicas; there must be one entry for each.", nameof(replicas));
        _instances = [.. instances];
        _replicas = [.. replicas.Select(r => r.ToArray())];
        Depth = _replicas[0].Length;
        if (Depth == 0) throw new ArgumentException("There must be at least one stage.", nameof(replicas));
        for (int zone = 0; zone < _instances.Length; zone++)
        {
            if (_replicas[zone].Length != Depth) throw new ArgumentException($"Zone {zone} lists {_replicas[zone].Length} stages, zone 0 {Depth}; each must list every stage.", nameof(replicas));
            if (_replicas[zone].Any(r => r < 0)) throw new ArgumentException($"Zone {zone} serves a stage with {_replicas[zone].Min()} instances; it must be at least 0.", nameof(replicas));
            long used = _replicas[zone].Sum(r => (long)r);
            if (used > _instances[zone]) throw new ArgumentException($"Zone {zone} serves stages with {used} instances; it has only {_instances[zone]}.", nameof(replicas));
        }

        Pipelines = _replicas.Sum(r => r[0]);
        if (Pipelines == 0) throw new ArgumentException("Stage 0 has no replica; every stage must have at least 1.", nameof(replicas));
        for (int stage = 1; stage < Depth; stage++)
        {
            int found = _replicas.Sum(r => r[stage]);
            if (found != Pipelines) throw new ArgumentException($"Stage {stage} has {found} replicas, stage 0 {Pipelines}; all must have the same number.", nameof(replicas));
        }
    }

    /// <summary>How many zones there are.</summary>
    public int Zones => _instances.Length;

    /// <summary>P.</summary>
    public int Depth { get; }

    /// <summary>D: replicas of a stage over all zones.</summary>
    public int Pipelines { get; }

    /// <summary>N: instances of all zones.</summary>
    public int TotalInstances => _instances.Sum();

    /// <summary>N_z.</summary>
    public int Instances(int zone) => _instances[zone];

    /// <summary>U_{z,s}.</summary>
    public int Replicas(int zone, int stage) => _replicas[zone][stage];

    /// <summary>Instances of a zone that serve no stage.</summary>
    public int Spares(int zone) => _instances[zone] - _replicas[zone].Sum();

    /// <summary>Deals the replicas so that those of a stage lie in as many zones as there is room for: each goes where the fewest of its stage are, then where the most instances are left.</summary>
    /// <param name="strategy">D x P; not a pause.</param>
    /// <param name="instances">N_z, <c>[zones]</c>; at least D * P in all.</param>
    /// <exception cref="ArgumentException">The strategy does not fit.</exception>
    public static ZoneLayout Balanced(Strategy strategy, IReadOnlyList<int> instances)
    {
        ArgumentNullException.ThrowIfNull(instances);
        if (strategy.IsPause || strategy.Instances > instances.Sum())
        {
            throw new ArgumentException($"{strategy} cannot be dealt to {instances.Sum()} instances; it must use between 1 and so many.", nameof(strategy));
        }

        int[] left = [.. instances];
        var replicas = new int[left.Length][];
        for (int zone = 0; zone < left.Length; zone++) replicas[zone] = new int[strategy.Depth];
        for (int stage = 0; stage < strategy.Depth; stage++)
        {
            for (int pipeline = 0; pipeline < strategy.Pipelines; pipeline++)
            {
                int best = -1;
                for (int zone = 0; zone < left.Length; zone++)
                {
                    if (left[zone] > 0 && (best < 0 || (replicas[zone][stage], -left[zone]).CompareTo((replicas[best][stage], -left[best])) < 0)) best = zone;
                }

                replicas[best][stage]++;
                left[best]--;
            }
        }

        return new ZoneLayout(instances, replicas);
    }
}
