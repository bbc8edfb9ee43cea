using System.Security.Cryptography;
using Microsoft.Extensions.Logging.Abstractions;
using Parcae.GpuWorker.Checkpoints;
using Parcae.GpuWorker.Faults;
using Parcae.GpuWorker.Models;
using Parcae.GpuWorker.Numerics;
using Parcae.GpuWorker.Pipeline;
using Parcae.GpuWorker.Shadows;
using Parcae.GpuWorker.Transport;
using Parcae.Grains;
using Xunit;

namespace Parcae.GpuWorker.Tests.Shadows;

/// <summary>A vault's follower, with the test in the place of the two replicas of a pipeline.</summary>
public sealed class ShadowFollowerTests : IAsyncDisposable
{
    // A replica's gradients of a step are half a megabyte; four megabytes may wait at the vault.
    private static readonly JobSpec Spec = new()
    {
        Model = new ModelSpec { Blocks = 4, Hidden = 64, Heads = 2, SequenceLength = 16, Vocabulary = 512 },
        Training = new TrainingSpec { CheckpointEvery = 1000 },
    };

    private readonly byte[] _secret = RandomNumberGenerator.GetBytes(32);
    private readonly IStagedModel _model = ModelFactory.Create(Spec.Model);
    private readonly DataPlane _vaultPlane;
    private readonly DataPlane[] _planes;
    private readonly FaultInjector _faults;
    private readonly LayerStore _layers = new();
    private readonly StepLog _log = new();
    private readonly VaultCheckpoints _checkpoints;
    private Mesh[] _replicas = [];
    private ShadowFollower? _follower;

    public ShadowFollowerTests()
    {
        var options = new DataPlaneOptions { SendQueueBytes = 4 << 20, HeartbeatTimeout = TimeSpan.FromSeconds(2), SocketBufferBytes = 64 << 10 };
        DataPlane Listen(string id) => DataPlane.Listen(options, id, NullLogger.Instance);
        _vaultPlane = Listen("vault");
        _planes = [Listen("a"), Listen("b")];
        _faults = new FaultInjector(enabled: true, _vaultPlane);
        _checkpoints = new VaultCheckpoints("job", Path.GetTempPath(), _vaultPlane, NullLogger.Instance); // of which none is due
    }

    private int Half => _model.LayerCount / 2;

    [Fact]
    public async Task A_step_is_applied_when_all_of_it_has_come_and_then_as_a_whole()
    {
        var follower = Follow();
        Send(1, 0);
        Send(1, 1);
        await Patience.Until(() => follower.Lag > 0);
        Assert.Equal(0, follower.Version);
        Send(0, 0);
        Send(0, 1);

        await Patience.Until(() => follower.Version == 2);
        await follower.StopAsync(TimeSpan.Zero);
        Assert.False(follower.Lost);
        Assert.Null(follower.Trouble);
        Assert.All(_layers.Held, s => Assert.Equal(2, s.Version));
        Assert.Equal([0, 1], _log.From(0).Select(r => r.Step));
    }

    [Fact]
    public async Task A_replica_that_runs_ahead_is_cut_off_at_the_bound_and_the_copy_stays_whole()
    {
        var follower = Follow();
        Send(0, 0);
        Send(1, 0);
        await Patience.Until(() => follower.Version == 1);

        // Nothing of b comes any more; a never waits.
        long sent = 0;
        for (int step = 1; step < 100; step++) sent += Send(0, step);
        Assert.True(sent > 20 << 20);
        Assert.InRange(follower.Lag, 0, 9);

        // The others find b's connection whole, and would go on.
        for (int step = 1; step < 100; step++) Send(1, step);
        await Patience.Until(() => !follower.IsRunning);
        Assert.StartsWith("a sends nothing any more after step ", follower.Trouble, StringComparison.Ordinal);
        await follower.StopAsync(TimeSpan.Zero);
        Assert.False(follower.Lost);
        Assert.Equal(follower.Version, Assert.Single(_layers.Held.Select(s => s.Version).Distinct()));
    }

    [Fact]
    public async Task A_connection_that_breaks_while_others_go_on_ends_the_following()
    {
        var follower = Follow();
        Send(0, 0);
        Send(1, 0);
        await Patience.Until(() => follower.Version == 1);
        _planes[1].Abort();

        for (int step = 1; step < 4; step++) Send(0, step);

        await Patience.Until(() => !follower.IsRunning);
        Assert.Equal("b sends nothing any more after step 0, and others go on: this vault did not keep up, or the connection broke", follower.Trouble);
        Assert.All(_layers.Held, s => Assert.Equal(1, s.Version));
    }

    [Fact]
    public async Task A_generation_that_nobody_ends_is_over_when_all_connections_are()
    {
        var follower = Follow();
        foreach (var mesh in _replicas) mesh.Dispose();

        await Patience.Until(() => !follower.IsRunning);
        Assert.Equal("every connection has ended, and nobody ended the generation", follower.Trouble);
        Assert.False(follower.Lost);
    }

    [Fact]
    public async Task At_the_end_of_a_generation_what_has_come_is_applied()
    {
        var follower = Follow();
        for (int step = 0; step < 3; step++) Send(0, step);
        _replicas[0].Dispose();
        for (int step = 0; step < 3; step++) Send(1, step);
        _replicas[1].Dispose();

        await follower.StopAsync(Patience.Long);
        Assert.Null(follower.Trouble);
        Assert.All(_layers.Held, s => Assert.Equal(3, s.Version));
    }

    [Fact]
    public async Task A_thread_that_hangs_is_given_up_with_what_it_was_changing()
    {
        _faults.Arm(new FaultOrder(FaultPoint.VaultApply, FaultKind.Hang, Passages: 2));
        var follower = Follow(stall: TimeSpan.FromSeconds(1));
        for (int step = 0; step < 3; step++)
        {
            Send(0, step);
            Send(1, step);
        }

        await _faults.Struck.WaitAsync(Patience.Long, TestContext.Current.CancellationToken);
        await follower.StopAsync(Patience.Long).WaitAsync(Patience.Long, TestContext.Current.CancellationToken);
        Assert.True(follower.Lost);
        Assert.Equal("applying step 1 hangs for more than 1 s", follower.Trouble);
        Assert.Equal([0], _log.From(0).Select(r => r.Step));

        // It comes back after all: what it had is freed, and counts for nothing.
        _faults.Release();
        await Patience.Until(() => _layers.Held.Length == 0);
        Assert.Equal([0], _log.From(0).Select(r => r.Step));
    }

    [Fact]
    public async Task A_thread_that_fails_ends_the_following_and_the_copy_is_lost()
    {
        var follower = Follow();
        _layers.Drop(s => s.Layer == 1);
        Send(0, 0);
        Send(1, 0);

        await Patience.Until(() => !follower.IsRunning);
        Assert.True(follower.Lost);
        Assert.Equal("applying step 0 failed: InvalidOperationException: The vault does not hold layer 1 at version 0.", follower.Trouble);
        await follower.StopAsync(TimeSpan.Zero);
        Assert.Empty(_layers.Held);
    }

    [Fact]
    public async Task What_is_no_gradient_of_the_model_closes_the_connection()
    {
        var follower = Follow();
        _replicas[0].Send("vault", new FrameKey(FrameKind.VaultGradient, 0, 0), new byte[8]);
        for (int step = 0; step < 4; step++) Send(1, step);

        await Patience.Until(() => !follower.IsRunning);
        Assert.StartsWith("a sends nothing any more after step -1", follower.Trouble, StringComparison.Ordinal);
        Assert.All(_layers.Held, s => Assert.Equal(0, s.Version));
    }

    public async ValueTask DisposeAsync()
    {
        _faults.Release();
        foreach (var mesh in _replicas) mesh.Dispose();
        if (_follower is { } follower) await follower.StopAsync(TimeSpan.Zero);
        await _checkpoints.DisposeAsync();
        foreach (var plane in _planes) await plane.DisposeAsync();
        await _vaultPlane.DisposeAsync();
        _layers.Dispose();
        _faults.Dispose();
    }

    private ShadowFollower Follow(TimeSpan? stall = null)
    {
        var vault = At(_vaultPlane);
        var plan = new GenerationPlan
        {
            JobId = "job",
            Generation = 1,
            Pipelines = 1,
            Depth = 2,
            Stages = [new LayerRange(0, Half), new LayerRange(Half, _model.LayerCount - Half)],
            Places = [.. _planes.Select((p, stage) => new Place(0, stage, At(p)))],
            Vault = [new VaultShard(vault, [.. Enumerable.Range(0, _model.LayerCount)])],
            StartStep = 0,
        };
        var command = new PrepareCommand { Plan = plan, Spec = Spec, Salt = _secret, Sources = [] };
        for (int layer = 0; layer < _model.LayerCount; layer++) _layers.Add(LayerState.Initialize(_model, layer, Spec.Training));
        _follower = new ShadowFollower(command, plan.Vault[0], _model, _vaultPlane.OpenMesh("job", 1, _secret), _layers, _log, _checkpoints, _faults, _vaultPlane.Options with { StallTimeout = stall ?? Patience.Long });
        _replicas = [.. _planes.Select(p => p.OpenMesh("job", 1, _secret))];
        // As much as a test sends may wait for it at b.
        for (int i = 0; i < _replicas.Length; i++) _replicas[i].Connect([new MeshPeer(vault, Optional: true, QueueBytes: i == 0 ? 0 : 1L << 30)], CancellationToken.None);
        _follower.Start();
        return _follower;
    }

    /// <summary>One stage's part of a step.</summary>
    private long Send(int stage, int step)
    {
        long sent = 0;
        for (int layer = stage * Half; layer < (stage == 0 ? Half : _model.LayerCount); layer++)
        {
            var gradient = new byte[_model.Layout(layer).Length * sizeof(float)];
            _replicas[stage].Send("vault", new FrameKey(FrameKind.VaultGradient, step, layer), gradient);
            sent += gradient.Length;
        }

        _replicas[stage].Send("vault", new FrameKey(FrameKind.VaultStep, step, 0), StepResultCodec.ToBytes(new StepResult(step, 1, 1, 1, 8, 0.1)));
        return sent;
    }

    private static PeerEndpoint At(DataPlane plane) => new(plane.InstanceId, "127.0.0.1", plane.Port);
}
