using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;
using Parcae.GpuWorker.Checkpoints;
using Parcae.GpuWorker.Models;
using Parcae.GpuWorker.Numerics;
using Parcae.Grains;
using TorchSharp;
using Xunit;

namespace Parcae.GpuWorker.Tests.Checkpoints;

public sealed class CheckpointWriterTests : IDisposable
{
    private static readonly Gpt Model = new(new ModelSpec { Blocks = 1, Hidden = 8, Heads = 2, SequenceLength = 4 });
    private readonly List<LayerState> _states = [.. Enumerable.Range(0, Model.LayerCount).Select(layer => LayerState.Initialize(Model, layer, new TrainingSpec()))];
    private readonly Disk _disk = new();

    public void Dispose()
    {
        foreach (var state in _states) state.Dispose();
        _disk.Dispose();
    }

    [Fact]
    public async Task A_snapshot_is_written_while_the_state_goes_on_changing()
    {
        await using var writer = Writer();
        Offer(writer, 1);
        _disk.Begun.Wait(Patience.Long);
        foreach (var state in _states) state.Parameters.fill_(99);
        _disk.GoOn.Release();
        await writer.IdleAsync();
        Assert.Equal([(1, 1f)], _disk.Written);
        Assert.Equal(1, writer.Written);
    }

    [Fact]
    public async Task One_is_written_one_waits_and_a_newer_one_takes_the_place_of_the_one_that_waits()
    {
        var log = new LogLines();
        await using var writer = Writer(log);
        Assert.Null(Offer(writer, 1));
        _disk.Begun.Wait(Patience.Long);
        Assert.Null(Offer(writer, 2));
        Assert.Equal(2, Offer(writer, 3));
        Assert.Equal(3, Offer(writer, 4));
        _disk.GoOn.Release(2);
        await writer.IdleAsync();
        Assert.Equal([(1, 1f), (4, 4f)], _disk.Written);
        Assert.Contains(log.Lines, l => l.Contains("the checkpoint of step 2 is skipped") && l.Contains("that of step 3 takes its place"));
    }

    [Fact]
    public async Task Snapshots_are_freed_written_skipped_or_failed()
    {
        var writer = Writer();
        _disk.Failing = 1;
        Offer(writer, 1);
        _disk.Begun.Wait(Patience.Long);
        Offer(writer, 2);
        long waiting = DisposeScopeManager.Statistics.TensorStatistics.ThreadTotalLiveCount;
        Offer(writer, 3);
        Assert.Equal(waiting, DisposeScopeManager.Statistics.TensorStatistics.ThreadTotalLiveCount); // 2 went as 3 came
        _disk.GoOn.Release(2);
        await writer.DisposeAsync();
        Assert.Equal(2, _disk.Seen.Count);
        Assert.All(_disk.Seen.SelectMany(t => t), t => Assert.True(t.IsInvalid));
    }

    [Fact]
    public async Task A_failure_is_logged_and_told_and_the_next_checkpoint_may_succeed()
    {
        var log = new LogLines();
        await using var writer = Writer(log);
        _disk.Failing = 1;
        _disk.GoOn.Release(2);
        Offer(writer, 1);
        await writer.IdleAsync();
        Assert.Null(writer.Written);
        Assert.Equal("The checkpoint of step 1 could not be written: No space left on device", writer.Failure);
        Assert.Contains(log.Lines, l => l.Contains("the checkpoint of step 1 could not be written"));
        Offer(writer, 2);
        await writer.IdleAsync();
        Assert.Equal((2, null), (writer.Written, writer.Failure));
    }

    [Fact]
    public async Task Whoever_asks_for_a_durable_checkpoint_waits_for_it_and_hears_of_its_failure()
    {
        await using var writer = Writer();
        Offer(writer, 1);
        _disk.Begun.Wait(Patience.Long);
        foreach (var state in _states) state.Parameters.fill_(2);
        var durable = writer.WriteAsync(2, _states);
        Assert.False(durable.IsCompleted);
        _disk.GoOn.Release(2);
        await durable.WaitAsync(Patience.Long);
        Assert.Equal([(1, 1f), (2, 2f)], _disk.Written);
        Assert.DoesNotContain(_states, s => s.Parameters.IsInvalid); // the caller's own

        await writer.WriteAsync(2, _states); // is durable already
        Assert.Equal(2, _disk.Written.Count);
        writer.Forget();
        _disk.Failing = 2;
        _disk.GoOn.Release();
        Assert.Equal("No space left on device", (await Assert.ThrowsAsync<IOException>(() => writer.WriteAsync(2, _states))).Message);
    }

    [Fact]
    public async Task Stopping_waits_for_what_is_being_written_and_for_what_waits()
    {
        var writer = Writer();
        Offer(writer, 1);
        _disk.Begun.Wait(Patience.Long);
        Offer(writer, 2);
        var stopped = writer.DisposeAsync().AsTask();
        Assert.False(stopped.IsCompleted);
        _disk.GoOn.Release(2);
        await stopped.WaitAsync(Patience.Long);
        Assert.Equal([(1, 1f), (2, 2f)], _disk.Written);
        Assert.Throws<ObjectDisposedException>(() => Offer(writer, 3));
    }


    private CheckpointWriter Writer(ILogger? log = null) => new("job", _disk.Write, log ?? NullLogger.Instance);

    private int? Offer(CheckpointWriter writer, int version)
    {
        foreach (var state in _states) state.Parameters.fill_(version);
        return writer.Offer(version, _states);
    }

    /// <summary>A disk that waits to be told to go on, and fails at one version.</summary>
    private sealed class Disk : IDisposable
    {
        public SemaphoreSlim Begun { get; } = new(0);

        public SemaphoreSlim GoOn { get; } = new(0);

        public int Failing { get; set; }

        public List<(int Version, float Value)> Written { get; } = [];

        public List<torch.Tensor[]> Seen { get; } = [];

        public void Write(int version, IReadOnlyList<LayerState> states)
        {
            Seen.Add([.. states.SelectMany(s => s.Tensors)]);
            Begun.Release();
            GoOn.Wait(Patience.Long);
            if (version == Failing) throw new IOException("No space left on device");
            Written.Add((version, states.Select(s => s.Parameters[0].item<float>()).Distinct().Single()));
        }

        public void Dispose()
        {
            Begun.Dispose();
            GoOn.Dispose();
        }
    }
}
