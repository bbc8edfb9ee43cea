namespace Parcae.Grains.Jobs.Planning;

/// <summary>Divides the layers among the instances of the state vault.</summary>
internal static class VaultShards
{
    /// <summary>
    /// Cuts the layers into as many runs as there are instances, as even in bytes as their order allows, and gives each instance one run, or that and the next: every layer is held that often.
    /// Instances beyond the number of layers get none.
    /// </summary>
    /// <param name="vaults">The instances; the same ones in the same order get the same layers.</param>
    /// <param name="bytes">State of each layer, bytes.</param>
    /// <param name="copies">How often each layer is to be held, 1 or 2; no more often than there are instances.</param>
    public static VaultShard[] Deal(IReadOnlyList<PeerEndpoint> vaults, IReadOnlyList<long> bytes, int copies)
    {
        int count = Math.Min(vaults.Count, bytes.Count);
        var runs = Cut(bytes, count);
        return [.. Enumerable.Range(0, count).Select(i => new VaultShard(vaults[i], [.. Enumerable.Range(i, Math.Min(copies, count)).SelectMany(r => runs[r % count]).Order()]))];
    }

    /// <summary>Whether two divisions are the same.</summary>
    public static bool Same(VaultShard[] a, VaultShard[] b) => a.Length == b.Length && a.Zip(b).All(pair => pair.First.Peer == pair.Second.Peer && pair.First.Layers.SequenceEqual(pair.Second.Layers));

    private static int[][] Cut(IReadOnlyList<long> bytes, int count)
    {
        var runs = new int[count][];
        double total = bytes.Sum(b => (double)b), sum = 0;
        for (int run = 0, layer = 0; run < count; run++)
        {
            int first = layer, latest = bytes.Count - (count - run - 1); // the others need one layer each
            do sum += bytes[layer++];
            while (layer < latest && (run == count - 1 || sum + (bytes[layer] / 2.0) <= total * (run + 1) / count));
            runs[run] = [.. Enumerable.Range(first, layer - first)];
        }

        return runs;
    }
}
