using System.Security.Cryptography;
using Microsoft.Extensions.Logging.Abstractions;
using Parcae.GpuWorker.Faults;
using Parcae.GpuWorker.Models;
using Parcae.GpuWorker.Numerics;
using Parcae.GpuWorker.Pipeline;
using Parcae.GpuWorker.Shadows;
using Parcae.GpuWorker.Transport;
using Parcae.Grains;
using Xunit;

namespace Parcae.GpuWorker.Tests.Shadows;

/// <summary>Two shards of a vault, fed by a pipeline each, with the test in the replicas' place.</summary>
public sealed class ShardAgreementTests : IAsyncDisposable
{
    private static readonly JobSpec Spec = new()
    {
        Model = new ModelSpec { Blocks = 4, Hidden = 32, Heads = 2, SequenceLength = 16, Vocabulary = 128 },
        Training = new TrainingSpec { CheckpointEvery = 1000 },
    };

    private static readonly TimeSpan Heartbeat = TimeSpan.FromSeconds(2);
    private readonly byte[] _secret = RandomNumberGenerator.GetBytes(32);
    private readonly IStagedModel _model = ModelFactory.Create(Spec.Model);
    private readonly GenerationPlan _plan;
    private readonly DataPlane[] _workers, _vault;
    private readonly Mesh[] _replicas;
    private readonly Shard[] _shards;

    public ShardAgreementTests()
    {
        var options = new DataPlaneOptions { HeartbeatTimeout = Heartbeat };
        DataPlane Listen(string id) => DataPlane.Listen(options, id, NullLogger.Instance);
        _workers = [Listen("a"), Listen("b")];
        _vault = [Listen("v"), Listen("w")];
        int half = _model.LayerCount / 2;
        _plan = new GenerationPlan
        {
            JobId = "job",
            Generation = 1,
            Pipelines = 2,
            Depth = 1,
            Stages = [new LayerRange(0, _model.LayerCount)],
            Places = [new Place(0, 0, At(_workers[0])), new Place(1, 0, At(_workers[1]))],
            Vault = [new VaultShard(At(_vault[0]), [.. Enumerable.Range(0, half)]), new VaultShard(At(_vault[1]), [.. Enumerable.Range(half, _model.LayerCount - half)])],
            StartStep = 0,
        };
        _shards = [.. _vault.Select((plane, i) => new Shard(this, plane, _plan.Vault[i]))];
        _replicas = [.. _workers.Select(p => p.OpenMesh("job", 1, _secret))];
        for (int i = 0; i < 2; i++) _replicas[i].Connect([new MeshPeer(_plan.Vault[i].Peer, Optional: true)], CancellationToken.None);
        foreach (var shard in _shards) shard.Follower.Start();
    }

    [Fact]
    public void Each_shard_is_fed_by_a_pipeline_of_its_own() =>
        Assert.Equal(["a", "b"], _plan.Vault.Select(s => Assert.Single(_plan.Feeders(s)).Peer.InstanceId));

    [Fact]
    public async Task No_shard_applies_a_step_that_another_lacks()
    {
        for (int step = 0; step < 3; step++) Send(0, step);
        await Patience.Until(() => _shards[0].Follower.Lag == 3);
        Assert.Equal(0, _shards[0].Follower.Version);

        Send(1, 0);
        await Patience.Until(() => _shards.All(s => s.Follower.Version == 1));
        Assert.Equal(2, _shards[0].Follower.Lag);
        for (int step = 1; step < 3; step++) Send(1, step);
        await Patience.Until(() => _shards.All(s => s.Follower.Version == 3));
        Assert.All(_shards, s => Assert.Equal([0, 1, 2], s.Log.From(0).Select(r => r.Step)));
    }

    [Fact]
    public async Task A_step_that_has_come_to_one_of_them_only_is_open_there_when_they_are_stopped()
    {
        for (int step = 0; step < 2; step++) Send(0, step);
        Send(1, 0);
        foreach (var replica in _replicas) replica.Dispose();

        var open = await Task.WhenAll(_shards.Select(s => s.Follower.StopAsync(Patience.Long)));

        Assert.Null(open[1]);
        using var first = open[0]!;
        Assert.Equal((1, true, 1), (first.Step, first.Has(0), first.Result!.Value.Step));
        Assert.All(_shards, s => Assert.All(s.Layers.Held, l => Assert.Equal(1, l.Version)));
        Assert.All(_shards, s => Assert.Null(s.Follower.Trouble));
    }

    [Fact]
    public async Task All_that_has_come_to_both_is_applied_when_they_are_stopped()
    {
        for (int step = 0; step < 5; step++) Send(0, step);
        var stopping = _shards[0].Follower.StopAsync(Patience.Long);
        for (int step = 0; step < 5; step++) Send(1, step);
        foreach (var replica in _replicas) replica.Dispose();

        Assert.Null(await _shards[1].Follower.StopAsync(Patience.Long));
        Assert.Null(await stopping);
        Assert.All(_shards, s => Assert.All(s.Layers.Held, l => Assert.Equal(5, l.Version)));
    }

    [Fact]
    public async Task A_shard_that_is_stopped_while_the_others_lag_is_in_no_trouble_however_long_they_do()
    {
        Send(0, 0);
        _replicas[0].Dispose();
        var stopping = _shards[0].Follower.StopAsync(Patience.Long);
        await Task.Delay(2 * Heartbeat, TestContext.Current.CancellationToken);
        Send(1, 0);
        _replicas[1].Dispose();

        Assert.Null(await _shards[1].Follower.StopAsync(Patience.Long));
        Assert.Null(await stopping);
        Assert.All(_shards, s => Assert.Equal((1, null), (s.Follower.Version, s.Follower.Trouble)));
    }

    [Fact]
    public async Task A_shard_whose_process_dies_leaves_the_other_at_a_version_that_both_had_come_to_or_could()
    {
        Send(0, 0);
        Send(1, 0);
        await Patience.Until(() => _shards.All(s => s.Follower.Version == 1));
        Send(0, 1);
        _vault[1].Abort();

        await Patience.Until(() => !_shards[0].Follower.IsRunning);
        Assert.StartsWith("the shard at w has ended", _shards[0].Follower.Trouble, StringComparison.Ordinal);
        using var open = await _shards[0].Follower.StopAsync(TimeSpan.Zero);
        Assert.False(_shards[0].Follower.Lost);
        Assert.Equal(1, open!.Step);
        Assert.All(_shards[0].Layers.Held, l => Assert.Equal(1, l.Version));
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var replica in _replicas) replica.Dispose();
        foreach (var shard in _shards) await shard.DisposeAsync();
        foreach (var plane in _workers.Concat(_vault)) await plane.DisposeAsync();
    }

    private sealed class Shard : IAsyncDisposable
    {
        private readonly VaultCheckpoints _checkpoints;
        private readonly FaultInjector _faults;

        public Shard(ShardAgreementTests test, DataPlane plane, VaultShard shard)
        {
            foreach (int layer in shard.Layers) Layers.Add(LayerState.Initialize(test._model, layer, Spec.Training));
            _checkpoints = new VaultCheckpoints("job", Path.GetTempPath(), plane, NullLogger.Instance); // of which none is due
            _faults = new FaultInjector(enabled: false, plane);
            var command = new PrepareCommand { Plan = test._plan, Spec = Spec, Salt = test._secret, Sources = [] };
            Follower = new ShadowFollower(command, shard, test._model, plane.OpenMesh("job", 1, test._secret), Layers, Log, _checkpoints, _faults, plane.Options with { StallTimeout = Patience.Long });
        }

        public LayerStore Layers { get; } = new();

        public StepLog Log { get; } = new();

        public ShadowFollower Follower { get; }

        public async ValueTask DisposeAsync()
        {
            await Follower.DisposeAsync();
            await _checkpoints.DisposeAsync();
            Layers.Dispose();
            _faults.Dispose();
        }
    }

    /// <summary>What a replica sends of a step to the shard that it feeds.</summary>
    private void Send(int shard, int step)
    {
        string to = _plan.Vault[shard].Peer.InstanceId;
        foreach (int layer in _plan.Vault[shard].Layers) _replicas[shard].Send(to, new FrameKey(FrameKind.VaultGradient, step, layer), new byte[_model.Layout(layer).Length * sizeof(float)]);
        _replicas[shard].Send(to, new FrameKey(FrameKind.VaultStep, step, 0), StepResultCodec.ToBytes(new StepResult(step, 1, 1, 1, 8, 0.1)));
    }

    private static PeerEndpoint At(DataPlane plane) => new(plane.InstanceId, "127.0.0.1", plane.Port);
}
