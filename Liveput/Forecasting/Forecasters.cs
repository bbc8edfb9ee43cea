using Parcae.Liveput.Forecasting.Arima;
using Parcae.Liveput.Forecasting.Artifact;
using Parcae.Liveput.Forecasting.Ensemble;
using Parcae.Liveput.Forecasting.Smoothing;
using Parcae.Liveput.Forecasting.Survival;

namespace Parcae.Liveput.Forecasting;

/// <summary>Forecasters by the names that the command line knows them by.</summary>
public static class Forecasters
{
    /// <summary>The one that is used where none is named.</summary>
    public const string Default = "ensemble";

    private static readonly Dictionary<string, Func<int, int?, IAvailabilityForecaster>> Makers = new(StringComparer.OrdinalIgnoreCase)
    {
        ["persistence"] = (_, most) => new PersistenceForecaster(new PersistenceOptions { MaxInstances = most }),
        ["arima"] = (_, most) => new ArimaForecaster(new ArimaOptions { MaxInstances = most }),
        ["artifact-arima"] = (seed, most) => new ArtifactForecaster(Artifact(seed, most)),
        ["holt"] = (_, most) => new HoltForecaster(new HoltOptions { MaxInstances = most }),
        ["survival"] = (_, most) => new SurvivalForecaster(new SurvivalOptions { MaxInstances = most }),
        ["ensemble"] = (_, most) => Ensemble(most),
    };

    /// <summary>Every name.</summary>
    public static IReadOnlyList<string> Names { get; } = [.. Makers.Keys];

    /// <summary>A new forecaster with its defaults.</summary>
    /// <param name="name">One of <see cref="Names"/>, in any case.</param>
    /// <param name="seed">Fixes the random removals of <c>artifact-arima</c>; the others draw nothing.</param>
    /// <param name="maxInstances">Most instances that there can be; null: unknown. <c>artifact-arima</c> then keeps to the artifact's 32.</param>
    /// <exception cref="ArgumentException">There is no such forecaster; the message lists those that there are.</exception>
    public static IAvailabilityForecaster Create(string name, int seed = 0, int? maxInstances = null)
    {
        ArgumentNullException.ThrowIfNull(name);
        return Makers.TryGetValue(name, out var make)
            ? make(seed, maxInstances)
            : throw new ArgumentException($"'{name}' is not a forecaster; it must be one of {string.Join(", ", Names)}.", nameof(name));
    }

    private static ArtifactOptions Artifact(int seed, int? most)
    {
        var options = new ArtifactOptions { Seed = seed };
        return most is { } bound ? options with { Most = bound, Least = Math.Min(options.Least, bound) } : options;
    }

    /// <summary>Nobody is preferred to persistence before the past says so; Holt is expected to do a little worse, as it does on synthetic traces. Chosen on those by the samples that plans bring with 12 intervals of the past.</summary>
    private static EnsembleForecaster Ensemble(int? most) =>
        new([new(Create("persistence", 0, most)), new(Create("arima", 0, most)), new(Create("holt", 0, most), 1.02), new(Create("survival", 0, most))]);
}
