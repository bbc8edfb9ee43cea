using Parcae.Benchmarks.Processes;

namespace Parcae.Benchmarks.TrainStep;

/// <summary>What one of those that take turns has computed, and in what time.</summary>
internal sealed class Turns
{
    private double _flops, _seconds, _cpuSeconds;

    /// <summary>FLOP/s of the fastest single computation.</summary>
    public double Best { get; private set; }

    /// <summary>FLOP/s by the clock.</summary>
    public double Rate => _flops / _seconds;

    /// <summary>FLOP per second of processor time.</summary>
    public double CpuRate => _flops / _cpuSeconds;

    /// <summary>Has a process compute; it answers with the seconds of each of its computations, of <paramref name="flops"/> each.</summary>
    public void Add(LineProcess process, string question, double flops)
    {
        double before = process.CpuSeconds;
        var seconds = process.AskNumbers(question);
        _cpuSeconds += process.CpuSeconds - before;
        _flops += flops * seconds.Length;
        _seconds += seconds.Sum();
        Best = Math.Max(Best, flops / seconds.Min());
    }

    /// <summary>Adds what was counted elsewhere.</summary>
    public void Add(Turns other)
    {
        _flops += other._flops;
        _seconds += other._seconds;
        _cpuSeconds += other._cpuSeconds;
        Best = Math.Max(Best, other.Best);
    }
}
