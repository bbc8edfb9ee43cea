using System.Diagnostics;
using System.Net.Sockets;
using Parcae.GpuWorker.Models;
using Parcae.GpuWorker.Numerics;
using Parcae.GpuWorker.Transport;
using Parcae.Grains;
using Parcae.Grains.Telemetry;
using static TorchSharp.torch;

namespace Parcae.GpuWorker.Pipeline;

/// <summary>Brings the layers that a place needs into the store: those held stay, version 0 comes from the seed, the rest from peers.</summary>
internal static class LayerFetch
{
    /// <summary>Returns the bytes and the number of layers that came from peers.</summary>
    /// <param name="command">What to prepare.</param>
    /// <param name="needed">The layers that must be there.</param>
    /// <param name="model">The model.</param>
    /// <param name="store">What is held.</param>
    /// <param name="plane">Reaches the peers.</param>
    /// <param name="device">Where the layers are to be.</param>
    /// <param name="cancellation">Ends the preparation.</param>
    /// <exception cref="InvalidOperationException">No source gave a layer; says what each said.</exception>
    public static async Task<(long Bytes, int Layers)> RunAsync(PrepareCommand command, LayerRange needed, IStagedModel model, LayerStore store, DataPlane plane, Device device, CancellationToken cancellation)
    {
        int version = command.Plan.StartStep;
        var sources = command.Sources.ToDictionary(s => s.Layer);
        var missing = Enumerable.Range(needed.First, needed.Count).Where(layer => store.Find(layer, version) is null).ToArray();
        var remote = new List<LayerSource>();
        foreach (int layer in missing)
        {
            var source = sources.GetValueOrDefault(layer) ?? new LayerSource(layer, []);
            if (source.Holders.Length > 0) remote.Add(source);
            else if (version == 0) store.Add(LayerState.Initialize(model, layer, command.Spec.Training, device));
            else throw new InvalidOperationException($"Nobody was named who holds layer {layer} at version {version}.");
        }
        // One connection to each first choice, side by side.
        var parent = Activity.Current;
        var fetches = remote.GroupBy(s => s.Holders[0].InstanceId).Select(group => Task.Factory.StartNew(
            () =>
            {
                Activity.Current = parent;
                return Fetch(command, [.. group], model, store, plane, device, cancellation);
            },
            cancellation, TaskCreationOptions.LongRunning, TaskScheduler.Default));
        var bytes = await Task.WhenAll(fetches);
        return (bytes.Sum(), remote.Count);
    }

    private static long Fetch(PrepareCommand command, LayerSource[] sources, IStagedModel model, LayerStore store, DataPlane plane, Device device, CancellationToken cancellation)
    {
        var plan = command.Plan;
        var refusals = new List<string>();
        foreach (var holder in sources.SelectMany(s => s.Holders).DistinctBy(h => h.InstanceId))
        {
            var wanted = sources.Where(s => store.Find(s.Layer, plan.StartStep) is null && s.Holders.Any(h => h.InstanceId == holder.InstanceId)).ToArray();
            if (wanted.Length == 0) continue;
            try
            {
                FetchFrom(holder, wanted);
            }
            catch (Exception e) when (e is SocketException or IOException or TimeoutException or InvalidDataException or HandshakeRefusedException or StateNotHeldException)
            {
                cancellation.ThrowIfCancellationRequested();
                refusals.Add($"{holder.InstanceId}: {e.Message}");
            }
        }
        var lacking = sources.Where(s => store.Find(s.Layer, plan.StartStep) is null).Select(s => s.Layer).ToArray();
        return lacking.Length == 0
            ? sources.Sum(s => store.Find(s.Layer, plan.StartStep)!.ByteCount)
            : throw new InvalidOperationException($"Nobody gave layers {string.Join(", ", lacking)} at version {plan.StartStep}. {string.Join(' ', refusals)}");

        void FetchFrom(PeerEndpoint holder, LayerSource[] wanted)
        {
            using var activity = ParcaeTelemetry.Activities.StartActivity("transfer", ActivityKind.Client);
            activity?.SetTag("from", holder.InstanceId).SetTag("to", plane.InstanceId).SetTag("generation", plan.Generation);
            long bytes = 0;
            using var staging = new HostStaging();
            using var client = StateClient.Connect(plane, holder, plan.JobId, plan.Generation, command.Secret, cancellation);
            foreach (var source in wanted)
            {
                var state = LayerState.Allocate(model, source.Layer, plan.StartStep, command.Spec.Training, device);
                try
                {
                    bytes += client.Fetch(source.Layer, plan.StartStep, [.. state.Tensors.Select((t, slot) => staging.OpenBytes(t, slot))]);
                    for (int slot = 0; slot < state.Tensors.Count; slot++) staging.Write(state.Tensors[slot], slot);
                    cancellation.ThrowIfCancellationRequested();
                    store.Add(state);
                }
                catch
                {
                    state.Dispose();
                    throw;
                }
            }
            activity?.SetTag("bytes", bytes);
            ParcaeTelemetry.TransferBytes.Add(bytes);
        }
    }
}
