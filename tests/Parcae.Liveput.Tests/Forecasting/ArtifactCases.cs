using System.Text.Json;
using Parcae.Liveput.Forecasting;

namespace Parcae.Liveput.Tests.Forecasting;

/// <summary>What the published artifact forecast in 400 situations.</summary>
internal sealed record ArtifactCase(
    int[] History, int[] Removed, int[] Cleaned, double[]? DriftAr1Sigma2, double[]? Raw, double? PoissonMean, double JoinFactor, double LossFactor, int[] Counts, int[] Joined, int[] Lost)
{
    public static IReadOnlyList<ArtifactCase> All { get; } = Load();

    public AvailabilityInterval[] Intervals =>
        [.. History.Select((count, i) => new AvailabilityInterval(count, i == 0 ? 0 : Math.Max(0, count - History[i - 1] + Removed[i]), Removed[i]))];

    private static List<ArtifactCase> Load()
    {
        using var document = JsonDocument.Parse(File.ReadAllBytes(Path.Combine(AppContext.BaseDirectory, "Data", "artifact-arima.json")));
        return [.. document.RootElement.GetProperty("cases").EnumerateArray().Select(row => new ArtifactCase(
            row[0].Deserialize<int[]>()!, row[1].Deserialize<int[]>()!, row[2].Deserialize<int[]>()!, row[3].Deserialize<double[]?>(), row[4].Deserialize<double[]?>(), row[5].Deserialize<double?>(),
            row[6].GetDouble(), row[7].GetDouble(), row[8].Deserialize<int[]>()!, row[9].Deserialize<int[]>()!, row[10].Deserialize<int[]>()!))];
    }
}
