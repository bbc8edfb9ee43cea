using Parcae.GpuWorker.Numerics;
using Parcae.GpuWorker.Transport;
using Parcae.Grains;
using static TorchSharp.torch;

namespace Parcae.GpuWorker.Pipeline;

/// <summary>
/// Adds the reduced gradients of tied parameters up. Where owner and copy lie on different stages of the pipeline, each sends the other its own: both then make
/// the same sum and stay equal, without either being sent.
/// </summary>
internal sealed class TiedExchange : IDisposable
{
    private readonly Mesh _mesh;
    private readonly LayerRange _stage;
    private readonly Tie[] _ties;
    private readonly HostStaging _staging = new();

    /// <param name="pairs">All tied parameters of the model.</param>
    /// <param name="plan">The plan.</param>
    /// <param name="place">This replica's place.</param>
    /// <param name="mesh">Connects it to its pipeline.</param>
    public TiedExchange(IReadOnlyList<TiedPair> pairs, GenerationPlan plan, Place place, Mesh mesh)
    {
        _mesh = mesh;
        _stage = plan.Stages[place.Stage];
        _ties = [.. pairs.Select((pair, index) => new Tie(pair, index, PeerOf(pair.Owner), PeerOf(pair.Copy)))
            .Where(t => _stage.Contains(t.Pair.Owner) || _stage.Contains(t.Pair.Copy))];

        string PeerOf(int layer) => plan.At(place.Pipeline, Array.FindIndex(plan.Stages, s => s.Contains(layer))).Peer.InstanceId;
    }

    private sealed record Tie(TiedPair Pair, int Index, string OwnerPeer, string CopyPeer);

    /// <summary>Whether a layer of this stage has a tied parameter.</summary>
    public bool Concerns(int layer) => _ties.Any(t => t.Pair.Owner == layer || t.Pair.Copy == layer);

    /// <summary>A layer of this stage is reduced: what another stage needs of it is sent.</summary>
    /// <param name="step">The step.</param>
    /// <param name="layer">The layer.</param>
    /// <param name="reduced">Its reduced gradient, flat.</param>
    public void Offer(int step, int layer, Tensor reduced)
    {
        foreach (var tie in _ties)
        {
            if (tie.Pair.Owner == layer && !_stage.Contains(tie.Pair.Copy)) Send(tie.CopyPeer, new FrameKey(FrameKind.TiedGradient, step, 2 * tie.Index), reduced, tie.Pair.OwnerSlice);
            else if (tie.Pair.Copy == layer && !_stage.Contains(tie.Pair.Owner)) Send(tie.OwnerPeer, new FrameKey(FrameKind.TiedGradient, step, 2 * tie.Index + 1), reduced, tie.Pair.CopySlice);
        }
    }

    /// <summary>All layers of this stage are reduced: adds up, in order of the copies.</summary>
    /// <param name="step">The step.</param>
    /// <param name="reduced">Reduced gradients, one for each layer of the stage.</param>
    public void Finish(int step, Tensor[] reduced)
    {
        using var scope = NewDisposeScope();
        foreach (var tie in _ties)
        {
            bool ownerHere = _stage.Contains(tie.Pair.Owner), copyHere = _stage.Contains(tie.Pair.Copy);
            var owner = ownerHere ? Part(reduced[tie.Pair.Owner - _stage.First], tie.Pair.OwnerSlice) : Receive(tie.OwnerPeer, new FrameKey(FrameKind.TiedGradient, step, 2 * tie.Index), tie.Pair.OwnerSlice, reduced[0]);
            var copy = copyHere ? Part(reduced[tie.Pair.Copy - _stage.First], tie.Pair.CopySlice) : Receive(tie.CopyPeer, new FrameKey(FrameKind.TiedGradient, step, 2 * tie.Index + 1), tie.Pair.CopySlice, reduced[0]);
            TiedPair.Add(owner, copy);
        }
    }

    /// <inheritdoc/>
    public void Dispose() => _staging.Dispose();

    private static Tensor Part(Tensor flat, Models.ParameterSlice slice) => flat.narrow(0, slice.Offset, slice.Length);

    private void Send(string peer, FrameKey key, Tensor reduced, Models.ParameterSlice slice)
    {
        using var scope = NewDisposeScope();
        _mesh.Send(peer, key, _staging.ReadBytes(Part(reduced, slice)).Span);
    }

    private Tensor Receive(string peer, FrameKey key, Models.ParameterSlice slice, Tensor like)
    {
        var tensor = empty(slice.Length, device: like.device);
        _mesh.Receive(peer, key, _staging.OpenBytes(tensor).Span);
        _staging.Write(tensor);
        return tensor;
    }
}
