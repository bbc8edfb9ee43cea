namespace Parcae.Liveput.Simulation;

/// <summary>A figure over many realizations.</summary>
/// <param name="Count">How many.</param>
/// <param name="Mean">Their mean.</param>
/// <param name="Low">Lower end of the interval that holds the mean with 95 %.</param>
/// <param name="High">Its upper end.</param>
public sealed record Realizations(int Count, double Mean, double Low, double High)
{
    /// <summary>Samples of a policy over drawn losses.</summary>
    /// <param name="policy">What decides; planned anew in every realization.</param>
    /// <param name="setting">Model, trace and costs.</param>
    /// <param name="draws">At least 2.</param>
    /// <param name="seed">Fixes the draws; each has its own generator.</param>
    /// <param name="done">Told after each draw.</param>
    /// <param name="cancellation">Ends it between two intervals.</param>
    public static Realizations OfSamples(IPolicy policy, SimulationSetting setting, int draws, int seed, Action? done = null, CancellationToken cancellation = default)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(draws, 2);
        double mean = 0, squares = 0;
        for (int i = 0; i < draws; i++)
        {
            double samples = Simulator.Run(policy, setting, new Random(unchecked((seed * 1_000_003) + i)), cancellation).Samples;

            // Welford: no cancellation of large sums.
            double before = samples - mean;
            mean += before / (i + 1);
            squares += before * (samples - mean);
            done?.Invoke();
        }

        double margin = 1.96 * Math.Sqrt(squares / (draws - 1) / draws);
        return new Realizations(draws, mean, mean - margin, mean + margin);
    }
}
