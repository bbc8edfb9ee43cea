using System.ComponentModel;
using System.ComponentModel.DataAnnotations;

namespace Parcae.Liveput.Traces.Synthetic;

/// <summary>Availability follows a daily wave: plenty at night, little when everyone works.</summary>
public sealed record DayRhythmOptions : SyntheticOptions
{
    /// <summary>A day of minutes by default.</summary>
    public DayRhythmOptions() => Intervals = 1440;

    /// <inheritdoc/>
    public override string Kind => "day";

    /// <inheritdoc/>
    public override string Description => "Availability that follows a daily wave.";

    /// <summary>Share of the capacity that is there at the daily low; at the high it is all. The default value is 0.4.</summary>
    [Range(0.0, 1.0), Description("Share of the capacity that is there at the daily low.")]
    public double Least { get; init; } = 0.4;

    /// <summary>Length of the wave, hours. The default value is 24.</summary>
    [Range(0.1, 8784.0), Description("Length of the wave, hours.")]
    public double PeriodHours { get; init; } = 24;

    /// <summary>Where the trace begins, hours after the high. The default value is 0.</summary>
    [Range(0.0, 8784.0), Description("Where the trace begins, hours after the high.")]
    public double StartHours { get; init; }

    /// <summary>Minutes until a missing instance comes, on average. The default value is 10.</summary>
    [Range(0.1, 1440.0), Description("Minutes until a missing instance comes, on average.")]
    public double RecoveryMinutes { get; init; } = 10;

    /// <summary>Losses of one instance in an hour besides the wave's, on average. The default value is 0.1.</summary>
    [Range(0.0, 60.0), Description("Losses of one instance in an hour besides the wave's, on average.")]
    public double LossesPerHour { get; init; } = 0.1;

    private protected override AvailabilityTrace Generate(string name, SyntheticRandom random) =>
        Walk(name, Target(0), (i, available) => Toward(Target(i), available, LossesPerHour, RecoveryMinutes, random));

    /// <summary>The wave's count in an interval.</summary>
    private int Target(int interval)
    {
        double periods = ((interval * Hours) + StartHours) / PeriodHours;
        double phase = periods - Math.Floor(periods);
        double high = phase < 0.25 ? Half(phase + 0.25) : phase < 0.75 ? -Half(phase - 0.25) : Half(phase - 0.75);
        return (int)((Capacity * (Least + ((1 - Least) * (1 + high) / 2))) + 0.5);

        // The sine of 2 pi x for x from 0 to 0.5, by Bhaskara's formula: right to 0.002, and the same on every platform.
        static double Half(double x)
        {
            double product = 2 * x * (1 - (2 * x));
            return 16 * product / (5 - (4 * product));
        }
    }
}
