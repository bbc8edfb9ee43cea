using System.Collections.Concurrent;
using Parcae.GpuWorker.Service;
using Parcae.Silo.Availability.Passing;

namespace Parcae.Silo.Tests.Availability.Fakes;

/// <summary>A fleet and a worker as a test wants them.</summary>
internal sealed class FakePlace : IFleetPlace, IWorkerOccupation
{
    private readonly ConcurrentQueue<(TimeSpan Remaining, string Reason)> _delivered = new();
    private readonly TaskCompletionSource _first = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private int _tries;

    /// <summary>What to do with a try, from 1 on, before it counts as delivered: throw, wait, or nothing.</summary>
    public Func<int, Task> OnTry { get; set; } = _ => Task.CompletedTask;

    /// <summary>Who needs the instance.</summary>
    public Func<string?> User { get; set; } = () => null;

    /// <inheritdoc/>
    public bool IsIdle { get; set; }

    /// <summary>What has arrived.</summary>
    public (TimeSpan Remaining, string Reason)[] Delivered => [.. _delivered];

    /// <summary>Completes when the first notice has arrived.</summary>
    public Task First => _first.Task.WaitAsync(Patience.Long);

    /// <summary>How often it was asked who needs the instance.</summary>
    public int Questions { get; private set; }

    /// <summary>Tries so far.</summary>
    public int Tries => _tries;

    /// <inheritdoc/>
    public async Task NoticeAsync(TimeSpan remaining, string reason)
    {
        await OnTry(Interlocked.Increment(ref _tries));
        _delivered.Enqueue((remaining, reason));
        _first.TrySetResult();
    }

    /// <inheritdoc/>
    public Task<string?> NeededByAsync()
    {
        Questions++;
        return Task.FromResult(User());
    }
}
