namespace Parcae.GpuWorker.Transport;

/// <summary>What an instance can give of a job's state to its peers. Called concurrently, one call for each fetch in progress.</summary>
public interface IStateSource
{
    /// <summary>
    /// Waits until <paramref name="layer"/> is at <paramref name="version"/> here and opens it, or answers null as soon as it is certain that it
    /// never will be. Cancelled when the peer that asked goes away or the data plane closes.
    /// </summary>
    Task<StateStream?> OpenAsync(int layer, int version, CancellationToken cancellationToken);

    /// <summary>What is held, for the answer to a peer that asked for something else: <c>layers 0-3 at version 17</c>.</summary>
    string DescribeHoldings();
}

/// <summary>A holder does not have, and will not have, the layer at the version asked for.</summary>
public sealed class StateNotHeldException : Exception
{
    internal StateNotHeldException(string holder, int layer, int version, string holdings)
        : base($"{holder} does not hold layer {layer} at version {version}; it holds {holdings}.") =>
        (Holder, Layer, Version, Holdings) = (holder, layer, version, holdings);

    /// <summary>The holder's instance id.</summary>
    public string Holder { get; }

    /// <summary>The layer asked for.</summary>
    public int Layer { get; }

    /// <summary>The version asked for.</summary>
    public int Version { get; }

    /// <summary>What it holds instead, for people.</summary>
    public string Holdings { get; }
}
