namespace Parcae.Grains;

/// <summary>A contiguous run of layers: one stage.</summary>
/// <param name="First">Index of the first layer.</param>
/// <param name="Count">Number of layers, at least 1.</param>
[GenerateSerializer, Immutable, Alias("parcae.LayerRange")]
public readonly record struct LayerRange([property: Id(0)] int First, [property: Id(1)] int Count)
{
    /// <summary>One past the last layer.</summary>
    public int End => First + Count;

    /// <summary>Whether <paramref name="layer"/> belongs to the stage.</summary>
    public bool Contains(int layer) => layer >= First && layer < End;

    /// <summary>The layers' indices, ascending.</summary>
    public int[] ToArray() => [.. Enumerable.Range(First, Count)];
}

/// <summary>Where a worker's data plane listens.</summary>
/// <param name="InstanceId">The instance.</param>
/// <param name="Host">IP address or host name.</param>
/// <param name="Port">TCP port.</param>
/// <param name="Incarnation">Tells the processes apart that run under one instance id: a worker that comes back is not the one that was there, though its address may be the same.</param>
[GenerateSerializer, Immutable, Alias("parcae.PeerEndpoint")]
public sealed record PeerEndpoint([property: Id(0)] string InstanceId, [property: Id(1)] string Host, [property: Id(2)] int Port, [property: Id(3)] int Incarnation = 0);

/// <summary>One replica's place: stage <paramref name="Stage"/> of pipeline <paramref name="Pipeline"/>.</summary>
/// <param name="Pipeline">0 .. D-1.</param>
/// <param name="Stage">0 .. P-1.</param>
/// <param name="Peer">The instance that holds it and where its data plane listens.</param>
[GenerateSerializer, Immutable, Alias("parcae.Place")]
public sealed record Place([property: Id(0)] int Pipeline, [property: Id(1)] int Stage, [property: Id(2)] PeerEndpoint Peer);

/// <summary>One instance's part of the state vault.</summary>
/// <param name="Peer">The instance, and where its data plane listens.</param>
/// <param name="Layers">The layers that it follows, ascending, at least one.</param>
[GenerateSerializer, Immutable, Alias("parcae.VaultShard")]
public sealed record VaultShard([property: Id(0)] PeerEndpoint Peer, [property: Id(1)] int[] Layers);

/// <summary>A strategy D x P with every (pipeline, stage) assigned to an instance. Generations are numbered and only ever grow.</summary>
[GenerateSerializer, Immutable, Alias("parcae.GenerationPlan")]
public sealed record GenerationPlan
{
    /// <summary>The job.</summary>
    [Id(0)] public required string JobId { get; init; }

    /// <summary>Number of the generation; it also fences every command and frame.</summary>
    [Id(1)] public required int Generation { get; init; }

    /// <summary>D, the number of pipelines.</summary>
    [Id(2)] public required int Pipelines { get; init; }

    /// <summary>P, the number of stages.</summary>
    [Id(3)] public required int Depth { get; init; }

    /// <summary>The layers of each stage, <c>[P]</c>, together all layers in order.</summary>
    [Id(4)] public required LayerRange[] Stages { get; init; }

    /// <summary>The D * P places.</summary>
    [Id(5)] public required Place[] Places { get; init; }

    /// <summary>Version of every layer when the generation begins; the first step it runs.</summary>
    [Id(7)] public required int StartStep { get; init; }

    // 6 was the one vault that there could be.

    /// <summary>The state vault: its shards hold every layer, each as often; empty when none follows.</summary>
    [Id(8)] public VaultShard[] Vault { get; init; } = [];

    /// <summary>The place of pipeline <paramref name="pipeline"/>, stage <paramref name="stage"/>.</summary>
    public Place At(int pipeline, int stage) => Places.First(p => p.Pipeline == pipeline && p.Stage == stage);

    /// <summary>The place of an instance, or null when it has none.</summary>
    public Place? Of(string instanceId) => Places.FirstOrDefault(p => p.Peer.InstanceId == instanceId);

    /// <summary>An instance's part of the state vault, or null when it has none.</summary>
    public VaultShard? ShardOf(string instanceId) => Vault.FirstOrDefault(s => s.Peer.InstanceId == instanceId);

    /// <summary>The replicas that send a shard the reduced gradients of its layers: those of one pipeline, a different one for each shard as far as there are any.</summary>
    public IEnumerable<Place> Feeders(VaultShard shard)
    {
        ArgumentNullException.ThrowIfNull(shard);
        int pipeline = Array.IndexOf(Vault, shard) % Pipelines;
        return Places.Where(p => p.Pipeline == pipeline && Array.Exists(shard.Layers, Stages[p.Stage].Contains));
    }

    /// <summary>The shards to which a replica sends the reduced gradients of its layers that they hold.</summary>
    public IEnumerable<VaultShard> FedBy(Place place) => Vault.Where(s => Feeders(s).Contains(place));

    /// <summary>The micro-batches [from, to) of pipeline <paramref name="pipeline"/>: contiguous blocks, as even as they can be, the longer ones first.</summary>
    /// <param name="microBatches">M, micro-batches of a global batch.</param>
    /// <param name="pipelines">D.</param>
    /// <param name="pipeline">0 .. D-1.</param>
    public static (int From, int To) Block(int microBatches, int pipelines, int pipeline)
    {
        var (size, rest) = Math.DivRem(microBatches, pipelines);
        int from = pipeline * size + Math.Min(pipeline, rest);
        return (from, from + size + (pipeline < rest ? 1 : 0));
    }
}
