using System.Diagnostics;

namespace Parcae.GpuWorker.Transport;

/// <summary>
/// Knows whether a thread that computes still gets on. A thread that waits for others does; one that has given no sign for longer than a limit does not: a device or a file system hangs. Written by the thread, read by any.
/// </summary>
internal sealed class ThreadWatch
{
    [ThreadStatic]
    private static ThreadWatch? _current;

    private long _since;

    /// <summary>The calling thread is watched from here on.</summary>
    public void Begin()
    {
        _current = this;
        Sign();
    }

    /// <summary>The calling thread, which is watched, waits for others until the result is disposed of.</summary>
    public static Wait Waiting() => new(_current);

    /// <summary>The calling thread, which is watched, has got on.</summary>
    public static void SignOfLife() => _current?.Sign();

    /// <summary>The calling thread has nothing to do any more.</summary>
    public static void End()
    {
        _current?.Rest();
        _current = null;
    }

    /// <summary>Whether the thread seems to hang.</summary>
    public bool IsStalled(TimeSpan limit)
    {
        long since = Interlocked.Read(ref _since);
        return since != 0 && Stopwatch.GetElapsedTime(since) > limit;
    }

    private void Sign() => Interlocked.Exchange(ref _since, Stopwatch.GetTimestamp());

    private void Rest() => Interlocked.Exchange(ref _since, 0);

    /// <summary>A wait; ends when disposed.</summary>
    public readonly ref struct Wait
    {
        private readonly ThreadWatch? _watch;

        internal Wait(ThreadWatch? watch)
        {
            _watch = watch;
            watch?.Rest();
        }

        public void Dispose() => _watch?.Sign();
    }
}
