namespace Parcae.Liveput.Traces.Synthetic;

/// <summary>Generates traces. The same options and seed give the same trace on every platform.</summary>
public static class SyntheticTrace
{
    /// <summary>A trace of a kind, with the kind's defaults where <paramref name="options"/> say nothing else.</summary>
    /// <param name="options">Which kind, and its parameters: <see cref="PoissonOptions"/>, <see cref="BurstOptions"/>, <see cref="ZoneOutageOptions"/>, <see cref="DayRhythmOptions"/>, <see cref="SelfExcitingOptions"/> or <see cref="ShiftingOptions"/>.</param>
    /// <param name="seed">Fixes every draw.</param>
    /// <returns>A trace named by its spelling, like <c>poisson:7</c> (see <see cref="SyntheticSpec"/>); its fleet is there from the beginning.</returns>
    /// <exception cref="ArgumentException">A parameter is out of range.</exception>
    public static AvailabilityTrace Generate(SyntheticOptions options, ulong seed = 1)
    {
        ArgumentNullException.ThrowIfNull(options);
        options.Validate();
        return options.Run(new SyntheticSpec(options, seed).ToString(), seed);
    }

    /// <summary>The trace of a spelling like <c>bursts:7,intervals=480,capacity=64</c>.</summary>
    /// <exception cref="ArgumentException">It is not a spelling of a synthetic trace.</exception>
    public static AvailabilityTrace Generate(string spec)
    {
        var (options, seed) = SyntheticSpec.Parse(spec);
        return Generate(options, seed);
    }
}
