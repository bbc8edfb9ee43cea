namespace Parcae.Grains.Tests.Protocol;

/// <summary>A generation's plan, with what its preparation needs to know. Never changed.</summary>
internal sealed record Plan(GenerationPlan Generation, bool Vault, int[] HolderBits, int[] FinisherNodes, bool Finishes, int[] Places, string Key)
{
    public int Start => Generation.StartStep;

    public int Depth => Generation.Depth;

    public int Pipelines => Generation.Pipelines;

    /// <summary>The node at a place.</summary>
    public int At(int pipeline, int stage) => Places[pipeline * Depth + stage];

    /// <summary>A node's pipeline and stage, or null when it has no place.</summary>
    public (int Pipeline, int Stage)? Of(int node)
    {
        int index = Array.IndexOf(Places, node);
        return index < 0 ? null : (index / Depth, index % Depth);
    }

    /// <summary>The nodes of the vault that are to follow.</summary>
    public required int[] Shards { get; init; }

    /// <summary>A node's shard, or null.</summary>
    public VaultShard? ShardOf(int node) => Array.IndexOf(Shards, node) is var index and >= 0 ? Generation.Vault[index] : null;

    /// <summary>The nodes that send a node of the vault its gradients.</summary>
    public required int[][] FeederNodes { get; init; }

    /// <summary>The layers of a node's stage, or of its shard, as bits.</summary>
    public int Layers(int node) => Of(node) is { } place ? Bits(Generation.Stages[place.Stage]) : ShardOf(node)?.Layers.Sum(layer => 1 << layer) ?? 0;

    /// <summary>The replicas of a node's stage, and the members of its pipeline.</summary>
    public IEnumerable<int> Replicas(int node) => Of(node) is { } place ? Enumerable.Range(0, Pipelines).Select(p => At(p, place.Stage)) : [];

    /// <inheritdoc cref="Replicas"/>
    public IEnumerable<int> Members(int node) => Of(node) is { } place ? Enumerable.Range(0, Depth).Select(s => At(place.Pipeline, s)) : [];

    public static int Bits(LayerRange layers) => ((1 << layers.Count) - 1) << layers.First;
}
