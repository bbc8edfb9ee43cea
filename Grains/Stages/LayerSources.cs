namespace Parcae.Grains.Stages;

/// <summary>Decides from whom a replica fetches each of its layers.</summary>
internal static class LayerSources
{
    /// <summary>
    /// Sources of the layers in <paramref name="layers"/> for <paramref name="receiver"/>. The peers that hold a layer are rotated by layer and
    /// <paramref name="turn"/>, so that the replicas of a stage, and the layers of a replica, begin with different holders; the state vault comes last,
    /// as everyone shares it. The receiver itself is left out: what it holds it does not fetch.
    /// </summary>
    /// <param name="layers">The layers wanted.</param>
    /// <param name="holders">Who holds each layer of the model, <c>[layers of the model]</c>.</param>
    /// <param name="vault">The state vault's shards.</param>
    /// <param name="receiver">Who asks.</param>
    /// <param name="turn">Number of the replica among those of its stage: its pipeline.</param>
    public static LayerSource[] For(IReadOnlyList<int> layers, PeerEndpoint[][] holders, VaultShard[] vault, string receiver, int turn)
    {
        var shared = vault.Select(s => s.Peer.InstanceId).ToHashSet(StringComparer.Ordinal);
        var sources = new LayerSource[layers.Count];
        for (int i = 0; i < layers.Count; i++)
        {
            int layer = layers[i];
            var others = holders[layer].Where(h => h.InstanceId != receiver).ToArray();
            var peers = others.Where(h => !shared.Contains(h.InstanceId)).ToArray();
            int start = peers.Length == 0 ? 0 : (turn + i) % peers.Length;
            sources[i] = new LayerSource(layer, [.. peers[start..], .. peers[..start], .. others.Where(h => shared.Contains(h.InstanceId))]);
        }

        return sources;
    }
}
