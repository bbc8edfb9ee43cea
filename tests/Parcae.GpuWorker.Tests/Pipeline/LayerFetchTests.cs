using Microsoft.Extensions.Logging.Abstractions;
using Parcae.GpuWorker.Models;
using Parcae.GpuWorker.Numerics;
using Parcae.GpuWorker.Pipeline;
using Parcae.GpuWorker.Transport;
using Parcae.Grains;
using Xunit;
using static TorchSharp.torch;

namespace Parcae.GpuWorker.Tests.Pipeline;

public sealed class LayerFetchTests : IAsyncDisposable
{
    private const int Version = 7;

    // Small ranges that are no multiple of a chunk.
    private static readonly DataPlaneOptions Options = new() { StateRangeBytes = 12_300, StateChunkBytes = 4096 };
    private static readonly JobSpec Spec = TestJobs.Small with { Model = TestJobs.Small.Model with { Blocks = 1 } };
    private static readonly byte[] Salt = new byte[32];

    private readonly IStagedModel _model = ModelFactory.Create(Spec.Model);
    private readonly LayerStore _a = new(), _b = new(), _target = new();
    private readonly DataPlane _planeA = Listen("a"), _planeB = Listen("b"), _plane = Listen("target");

    public LayerFetchTests()
    {
        _planeA.ServeState("job", Salt, new LayerStateSource(_a));
        _planeB.ServeState("job", Salt, new LayerStateSource(_b));
    }

    [Fact]
    public async Task Layers_come_bit_for_bit_from_those_who_hold_them()
    {
        var layers = Enumerable.Range(0, 3).Select(NewLayer).ToArray();
        _a.Add(layers[0]);
        _a.Add(layers[1]);
        _b.Add(layers[1].Clone());
        _b.Add(layers[2]);
        _a.Settle();
        _b.Settle();

        // Both are asked for everything and refuse what they do not hold.
        var (bytes, fetched, from) = await FetchAsync(At(_planeA), At(_planeB));

        Assert.Equal((layers.Sum(l => l.ByteCount), 3), (bytes, fetched));
        Assert.Equal(["a", "b"], from.Select(f => f.InstanceId).Order(StringComparer.Ordinal));
        Assert.Equal(bytes, from.Sum(f => f.Bytes));
        foreach (var layer in layers)
        {
            var copy = _target.Find(layer.Layer, Version)!;
            Assert.All(copy.Tensors, (tensor, i) => Assert.True(tensor.Bytes().Span.SequenceEqual(layer.Tensors[i].Bytes().Span)));
        }
    }

    [Fact]
    public async Task What_is_complete_stays_when_another_layer_cannot_be_had()
    {
        _a.Add(NewLayer(0));
        _a.Settle();

        var failed = await Assert.ThrowsAsync<InvalidOperationException>(() => FetchAsync(At(_planeA)));

        Assert.Equal(
            "Nobody gave layers 1 at version 7. a: a does not hold layer 1 at version 7; it holds layer 0 at version 7.", failed.Message);
        Assert.Equal([0], _target.Held.Select(l => l.Layer));
    }

    [Fact]
    public async Task A_layer_that_is_not_given_back_is_recalled_before_it_changes()
    {
        _a.Add(NewLayer(0));
        var lease = _a.TryBorrow(0, Version, out _);
        var recalled = new TaskCompletionSource();
        lease!.Recalled.Register(recalled.SetResult);

        var thawing = _a.ThawAsync();
        await recalled.Task.WaitAsync(Patience.Long, TestContext.Current.CancellationToken);
        Assert.False(thawing.IsCompleted);
        lease.Return();
        await thawing;

        _a.Freeze();
        Assert.False(_a.TryBorrow(0, Version, out _)!.Recalled.IsCancellationRequested);
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var plane in new[] { _plane, _planeA, _planeB }) await plane.DisposeAsync();
        foreach (var store in new[] { _a, _b, _target }) store.Dispose();
    }

    private static DataPlane Listen(string id) => DataPlane.Listen(Options, id, NullLogger.Instance);

    private static PeerEndpoint At(DataPlane plane) => new(plane.InstanceId, "127.0.0.1", plane.Port);

    private LayerState NewLayer(int layer)
    {
        var state = LayerState.Allocate(_model, layer, Version, Spec.Training);
        var random = new Random(layer);
        foreach (var tensor in state.Tensors) random.NextBytes(tensor.Bytes().Span);
        return state;
    }

    private Task<(long Bytes, int Layers, PeerBytes[] From)> FetchAsync(params PeerEndpoint[] holders)
    {
        var plan = new GenerationPlan { JobId = "job", Generation = 3, Pipelines = 0, Depth = 0, Stages = [], Places = [], StartStep = Version };
        var command = new PrepareCommand { Plan = plan, Spec = Spec, Salt = Salt, Sources = [.. Enumerable.Range(0, 3).Select(layer => new LayerSource(layer, holders))] };
        return LayerFetch.RunAsync(command, [0, 1, 2], _model, _target, _plane, CPU, CancellationToken.None);
    }
}
