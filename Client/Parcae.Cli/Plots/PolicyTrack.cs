using Parcae.Liveput;

namespace Parcae.Cli.Plots;

/// <summary>What one policy did.</summary>
/// <param name="Name">Of the policy; "ideal" is drawn as the yardstick.</param>
/// <param name="Strategies">The strategy in force in each interval; <see cref="Strategy.None"/> is a pause.</param>
/// <param name="CumulativeSamples">Samples since the first interval's beginning, at the end of each interval.</param>
/// <param name="FractionOfIdeal">Its samples over the ideal's, or null where there is no ideal.</param>
/// <param name="DoneAt">The first interval that begins with the job done, or null; what follows is no pause.</param>
internal sealed record PolicyTrack(string Name, IReadOnlyList<Strategy> Strategies, IReadOnlyList<double> CumulativeSamples, double? FractionOfIdeal, int? DoneAt = null);
