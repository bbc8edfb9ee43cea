using System.Diagnostics;
using Parcae.GpuWorker.Models;
using Parcae.GpuWorker.Numerics;
using Parcae.GpuWorker.Pipeline;
using Parcae.GpuWorker.Transport;
using Parcae.Grains;
using static TorchSharp.torch;

namespace Parcae.GpuWorker.Shadows;

/// <summary>The layers that an instance follows ahead of a generation that will need them here.</summary>
/// <param name="plane">Reaches the holders.</param>
/// <param name="device">Where the layers are to be.</param>
internal sealed class ShadowReplicas(DataPlane plane, Device device) : IAsyncDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(1);
    private readonly Lock _lock = new();
    private readonly List<ShadowStream> _streams = [];
    private TaskCompletionSource _hurry = NewSignal();
    private int _generation;

    /// <summary>Follows these layers and no others, and waits until all have caught up.</summary>
    /// <exception cref="InvalidOperationException">A holder could not be followed.</exception>
    public async Task<ShadowReport> FollowAsync(ShadowCommand command, IStagedModel model, CancellationToken cancellation)
    {
        var watch = Stopwatch.StartNew();
        ShadowStream[] all, dropped;
        lock (_lock)
        {
            var wanted = command.Sources.Select(s => s.Layer).ToHashSet();
            dropped = [.. _streams.Where(s => _generation != command.Generation || s.Ended.IsCompleted || !s.Layers.All(wanted.Contains))];
            _streams.RemoveAll(dropped.Contains);
            _generation = command.Generation;
            var lacking = command.Sources.Where(source => !_streams.Exists(s => s.Layers.Contains(source.Layer)));
            foreach (var group in lacking.GroupBy(s => s.Holders[0]))
            {
                var stream = new ShadowStream(command, group.Key, [.. group.Select(s => s.Layer)], model, plane, device);
                _streams.Add(stream);
                stream.Start();
            }

            all = [.. _streams];
        }

        await EndAsync(dropped);
        await Task.WhenAll(all.Select(s => s.CaughtUp)).WaitAsync(cancellation);
        return new ShadowReport(
            plane.InstanceId, all.Sum(s => s.Bytes), all.Sum(s => s.Layers.Count), watch.Elapsed.TotalMilliseconds,
            [.. all.GroupBy(s => s.HolderId).Select(g => new PeerBytes(g.Key, g.Sum(s => s.Bytes)))]);
    }

    /// <summary>The layers that are followed and have caught up, in order; they go on changing.</summary>
    public LayerState[] Followed
    {
        get { lock (_lock) return [.. _streams.Where(s => s.CaughtUp.IsCompletedSuccessfully).SelectMany(s => s.States).OrderBy(s => s.Layer)]; }
    }

    /// <summary>Has a <see cref="StopAsync"/> that waits for a boundary wait no longer: there will be none.</summary>
    public void Hurry() => _hurry.TrySetResult();

    /// <summary>Stops following, and adds what is complete to what is held.</summary>
    /// <param name="mode">
    /// At a boundary, those that have caught up follow their holders there; else they get a moment to take what is on the way, as all are stopping. The others are cut off.
    /// </param>
    /// <param name="layers">What is held.</param>
    /// <param name="log">Gets the results that were told.</param>
    /// <remarks>Not for several callers at once.</remarks>
    public async Task StopAsync(HaltMode mode, LayerStore layers, StepLog log)
    {
        var streams = Forget();
        foreach (var stream in streams.Where(s => !s.CaughtUp.IsCompletedSuccessfully)) stream.Cut();
        var ended = Task.WhenAll(streams.Select(s => s.Ended));
        if (mode == HaltMode.AtBoundary) await Task.WhenAny(ended, _hurry.Task);
        await Task.WhenAny(ended, Task.Delay(Patience));
        IReadOnlyList<StepResult> told = [];
        foreach (var stream in streams)
        {
            stream.Cut();
            await stream.Ended;
            if (stream.Results.Count > told.Count) told = stream.Results;
            foreach (var state in stream.Take())
            {
                if (layers.Find(state.Layer, state.Version) is null) layers.Add(state);
                else state.Dispose();
            }

            stream.Dispose();
        }

        log.Learn(told);

        _hurry = NewSignal();
    }

    public async ValueTask DisposeAsync() => await EndAsync(Forget());

    private static async Task EndAsync(ShadowStream[] streams)
    {
        foreach (var stream in streams)
        {
            stream.Cut();
            await stream.Ended;
            stream.Dispose();
        }
    }

    private static TaskCompletionSource NewSignal() => new(TaskCreationOptions.RunContinuationsAsynchronously);

    private ShadowStream[] Forget()
    {
        lock (_lock)
        {
            ShadowStream[] streams = [.. _streams];
            _streams.Clear();
            return streams;
        }
    }
}
