using System.Diagnostics;

namespace Parcae.GpuWorker.Pipeline;

/// <summary>What a replica's training thread spent its time on since the generation began, seconds. Written by one thread, read by any.</summary>
internal sealed class StepClock
{
    private long _pipeline, _reduce, _barrier, _all;
    private int _steps;

    /// <summary>Steps that passed the barrier.</summary>
    public int Steps => Volatile.Read(ref _steps);

    /// <summary>Waiting for the stages before and after.</summary>
    public double PipelineWait => Seconds(ref _pipeline);

    /// <summary>Waiting for gradients to be reduced, after the backward pass.</summary>
    public double ReduceWait => Seconds(ref _reduce);

    /// <summary>Waiting at the commit barrier.</summary>
    public double BarrierWait => Seconds(ref _barrier);

    /// <summary>Everything else: computing.</summary>
    public double Busy => Math.Max(0, Seconds(ref _all) - PipelineWait - ReduceWait - BarrierWait);

    public Span Pipeline() => new(this, ref _pipeline);

    public Span Reduce() => new(this, ref _reduce);

    public Span Barrier() => new(this, ref _barrier);

    /// <summary>A step has ended.</summary>
    public void AddStep(long startTimestamp)
    {
        Interlocked.Add(ref _all, Stopwatch.GetTimestamp() - startTimestamp);
        Interlocked.Increment(ref _steps);
    }

    private static double Seconds(ref long ticks) => Interlocked.Read(ref ticks) / (double)Stopwatch.Frequency;

    /// <summary>A wait; ends when disposed.</summary>
    public readonly ref struct Span
    {
        private readonly ref long _into;
        private readonly long _start;

        internal Span(StepClock _, ref long into)
        {
            _into = ref into;
            _start = Stopwatch.GetTimestamp();
        }

        public void Dispose() => Interlocked.Add(ref _into, Stopwatch.GetTimestamp() - _start);
    }
}
