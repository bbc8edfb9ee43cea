using System.Collections.Concurrent;

namespace Parcae.Grains.Tests.Support;

/// <summary>
/// Every point at which a grain waits for something outside of it: before and after each call to another grain and each access to its storage. One of them can be made its last: nothing that its activation does gets
/// past any point from then on, as if its process had ended there.
/// </summary>
public sealed class AwaitPoints
{
    private readonly ConcurrentQueue<string> _seen = new();
    private TaskCompletionSource<string> _reached = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private GrainId _grain;
    private int _last, _count;
    private SiloAddress? _dead;

    /// <summary>The points that were passed since they are counted.</summary>
    public IReadOnlyCollection<string> Seen => _seen;

    /// <summary>Counts a grain's points from now on. Completes with the one that was its last.</summary>
    /// <param name="grain">The grain.</param>
    /// <param name="last">Number of its last point, from 1.</param>
    public Task<string> Count(GrainId grain, int last)
    {
        _seen.Clear();
        _reached = new TaskCompletionSource<string>(TaskCreationOptions.RunContinuationsAsynchronously);
        (_dead, _count, _last, _grain) = (null, 0, last, grain);
        return _reached.Task;
    }

    /// <summary>Counts no more.</summary>
    public void Stop() => _last = 0;

    /// <summary>A grain passes a point.</summary>
    internal Task Pass(SiloAddress silo, GrainId grain, string what)
    {
        if (grain != _grain) return Task.CompletedTask;
        if (silo.Equals(_dead)) return Never();
        if (_dead is not null || _last == 0) return Task.CompletedTask;
        _seen.Enqueue(what);
        if (Interlocked.Increment(ref _count) != _last) return Task.CompletedTask;
        _dead = silo;
        _reached.TrySetResult(what);
        return Never();
    }

    private static Task Never() => new TaskCompletionSource().Task;
}

/// <summary>The points of a silo's grains that lie around their calls.</summary>
internal sealed class CallPoints(AwaitPoints points, ILocalSiloDetails silo) : IOutgoingGrainCallFilter
{
    public async Task Invoke(IOutgoingGrainCallContext context)
    {
        var source = context.SourceId ?? default;
        string what = $"calling {context.InterfaceName}.{context.MethodName}";
        await points.Pass(silo.SiloAddress, source, $"before {what}");
        try
        {
            await context.Invoke();
        }
        finally
        {
            await points.Pass(silo.SiloAddress, source, $"after {what}");
        }
    }
}
