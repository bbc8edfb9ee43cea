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

    /// <summary>The layers of a node's stage, as bits; all of them for the vault.</summary>
    public int Layers(int node) => Of(node) is { } place ? Bits(Generation.Stages[place.Stage]) : 0;

    /// <summary>The replicas of a node's stage, and the members of its pipeline.</summary>
    public IEnumerable<int> Replicas(int node) => Of(node) is { } place ? Enumerable.Range(0, Pipelines).Select(p => At(p, place.Stage)) : [];

    /// <inheritdoc cref="Replicas"/>
    public IEnumerable<int> Members(int node) => Of(node) is { } place ? Enumerable.Range(0, Depth).Select(s => At(place.Pipeline, s)) : [];

    public static int Bits(LayerRange layers) => ((1 << layers.Count) - 1) << layers.First;
}
