using System.ComponentModel;
using System.ComponentModel.DataAnnotations;

namespace Parcae.Liveput.Traces.Synthetic;

/// <summary>What every kind of synthetic trace can be told. A subclass is a kind.</summary>
/// <remarks>Every property with a range is a parameter of the spelling that <see cref="SyntheticSpec"/> reads.</remarks>
public abstract record SyntheticOptions
{
    /// <summary>The kind's name on the command line.</summary>
    public abstract string Kind { get; }

    /// <summary>What the kind does, in a sentence.</summary>
    public abstract string Description { get; }

    /// <summary>Number of intervals. The default value is 480: eight hours of minutes.</summary>
    [Range(1, TraceLimits.MaxIntervals), Description("Number of intervals.")]
    public int Intervals { get; init; } = 480;

    /// <summary>Length of an interval, seconds. The default value is 60.</summary>
    [Range(1.0, 86_400.0), Description("Length of an interval, seconds.")]
    public double IntervalSeconds { get; init; } = 60;

    /// <summary>The most instances there can be at a time. The default value is 32.</summary>
    [Range(1, 100_000), Description("The most instances there can be at a time.")]
    public int Capacity { get; init; } = 32;

    /// <summary>Length of an interval, hours.</summary>
    internal double Hours => IntervalSeconds / 3600;

    /// <summary>Checks every parameter against its range, and all against each other.</summary>
    /// <exception cref="ArgumentException">A parameter is out of range; the message names it, its value and the range.</exception>
    public void Validate()
    {
        foreach (var parameter in SyntheticParameter.Of(this))
        {
            if (parameter.Problem(parameter.Get(this)) is { } problem) throw new ArgumentException(problem);
        }

        if (Conflict() is { } conflict) throw new ArgumentException(conflict);
    }

    /// <summary>What is wrong with the parameters together, or null.</summary>
    private protected virtual string? Conflict() => null;

    /// <summary>The trace of these options.</summary>
    private protected abstract AvailabilityTrace Generate(string name, SyntheticRandom random);

    /// <summary>A trace without zones: the instances there at first, then each interval's arrivals and losses.</summary>
    /// <param name="name">Of the trace.</param>
    /// <param name="initial">Instances that are there in the first interval.</param>
    /// <param name="step">From an interval and the count before it, what came and what went; the rest is clamped.</param>
    private protected AvailabilityTrace Walk(string name, int initial, Func<int, int, (int Added, int Removed)> step)
    {
        var intervals = new TraceInterval[Intervals];
        int available = Math.Clamp(initial, 0, Capacity);
        intervals[0] = new TraceInterval(0, 0, available);
        for (int i = 1; i < intervals.Length; i++)
        {
            var (added, removed) = step(i, available);
            removed = Math.Clamp(removed, 0, available);
            added = Math.Clamp(added, 0, Capacity - (available - removed));
            available += added - removed;
            intervals[i] = new TraceInterval(added, removed, available);
        }

        return new AvailabilityTrace(name, $"synthetic: {Description}", IntervalSeconds, intervals);
    }

    /// <summary>What comes and goes where so many can be had: what is above goes at once, what is missing comes bit by bit.</summary>
    /// <param name="target">What can be had.</param>
    /// <param name="available">What there is.</param>
    /// <param name="lossesPerHour">Of one instance, besides.</param>
    /// <param name="recoveryMinutes">Until a missing instance comes, on average.</param>
    /// <param name="random">Where chance comes from.</param>
    private protected (int Added, int Removed) Toward(int target, int available, double lossesPerHour, double recoveryMinutes, SyntheticRandom random)
    {
        int removed = Math.Max(random.Poisson(available * lossesPerHour * Hours), available - target);
        return (Math.Min(random.Poisson((target - available) * IntervalSeconds / 60 / recoveryMinutes), Math.Max(0, target - (available - removed))), removed);
    }

    internal AvailabilityTrace Run(string name, ulong seed) => Generate(name, new SyntheticRandom(seed));
}
