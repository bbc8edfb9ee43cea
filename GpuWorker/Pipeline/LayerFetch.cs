using System.Collections.Concurrent;
using Parcae.GpuWorker.Models;
using Parcae.GpuWorker.Numerics;
using Parcae.GpuWorker.Transport;
using Parcae.Grains;
using static TorchSharp.torch;

namespace Parcae.GpuWorker.Pipeline;

/// <summary>Brings the layers that a place needs into the store: those held stay, version 0 comes from the seed, the rest from peers.</summary>
internal static class LayerFetch
{
    /// <summary>Returns the bytes and the number of layers that came from peers, and the bytes from each.</summary>
    /// <param name="command">What to prepare.</param>
    /// <param name="needed">The layers that must be there.</param>
    /// <param name="model">The model.</param>
    /// <param name="store">What is held.</param>
    /// <param name="plane">Reaches the peers.</param>
    /// <param name="device">Where the layers are to be.</param>
    /// <param name="cancellation">Ends the preparation.</param>
    /// <exception cref="InvalidOperationException">No source gave a layer; says what each said.</exception>
    public static async Task<(long Bytes, int Layers, PeerBytes[] From)> RunAsync(PrepareCommand command, IReadOnlyCollection<int> needed, IStagedModel model, LayerStore store, DataPlane plane, Device device, CancellationToken cancellation)
    {
        int version = command.Plan.StartStep;
        var sources = command.Sources.ToDictionary(s => s.Layer);
        var remote = new List<LayerSource>();
        foreach (int layer in needed.Where(layer => store.Find(layer, version) is null))
        {
            var source = sources.GetValueOrDefault(layer) ?? new LayerSource(layer, []);
            if (source.Holders.Length > 0) remote.Add(source);
            else if (version == 0) store.Add(LayerState.Initialize(model, layer, command.Spec.Training, device));
            else throw new InvalidOperationException($"Nobody was named who holds layer {layer} at version {version}.");
        }

        var received = await FetchAsync(command, remote, model, store, plane, device, cancellation);
        return (received.Values.Sum(), remote.Count, [.. received.Where(r => r.Value > 0).Select(r => new PeerBytes(r.Key, r.Value))]);
    }

    private static async Task<IReadOnlyDictionary<string, long>> FetchAsync(PrepareCommand command, List<LayerSource> sources, IStagedModel model, LayerStore store, DataPlane plane, Device device, CancellationToken cancellation)
    {
        var plan = command.Plan;
        var stagings = new ConcurrentBag<HostStaging>();
        // Whatever is left here belongs to nobody else.
        var fetching = new ConcurrentDictionary<int, LayerState>();
        try
        {
            var wanted = new List<WantedLayer>();
            foreach (var source in sources)
            {
                var state = fetching[source.Layer] = LayerState.Allocate(model, source.Layer, plan.StartStep, command.Spec.Training, device);
                wanted.Add(new WantedLayer(source.Layer, plan.StartStep, source.Holders, new LayerStateTarget(state, stagings)));
            }

            string purpose = plan.Of(plane.InstanceId)?.Stage.ToString(System.Globalization.CultureInfo.InvariantCulture) ?? "vault";
            return await StateFetch.RunAsync(plane, plan.JobId, plan.Generation, command.Salt, wanted, Keep, cancellation, purpose);
        }
        finally
        {
            foreach (var state in fetching.Values) state.Dispose();
            foreach (var staging in stagings) staging.Dispose();
        }

        void Keep(WantedLayer layer)
        {
            cancellation.ThrowIfCancellationRequested();
            store.Add(fetching[layer.Layer]);
            fetching.TryRemove(layer.Layer, out _);
        }
    }
}
