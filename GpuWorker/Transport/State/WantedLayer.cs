using Parcae.Grains;

namespace Parcae.GpuWorker.Transport;

/// <summary>A layer to be fetched.</summary>
/// <param name="Layer">The layer.</param>
/// <param name="Version">At which version.</param>
/// <param name="Holders">Who should have it, best first.</param>
/// <param name="Target">Where it goes.</param>
public sealed record WantedLayer(int Layer, int Version, IReadOnlyList<PeerEndpoint> Holders, IStateTarget Target);

/// <summary>A part of a layer that comes from one holder.</summary>
/// <param name="Of">The layer.</param>
/// <param name="Offset">First byte, over all of its parts.</param>
/// <param name="Length">Bytes.</param>
internal sealed record StateRange(WantedLayer Of, long Offset, long Length)
{
    public StateRequest Request => new(Of.Layer, Of.Version, Offset, Length);
}
