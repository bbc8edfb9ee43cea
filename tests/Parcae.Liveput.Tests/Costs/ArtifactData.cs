using System.Collections.Concurrent;
using System.Text.Json;

using Parcae.Liveput.Costs.Transitions;
using Parcae.Liveput.Profiles;

namespace Parcae.Liveput.Tests.Costs;

/// <summary>Figures measured on the published artifact.</summary>
internal static class ArtifactData
{
    private static readonly JsonSerializerOptions Options = new(JsonSerializerDefaults.Web);

    private static readonly ConcurrentDictionary<string, ArtifactCosts> KnownCosts = new();

    public static Rules Rules { get; } = Read<Rules>("artifact-rules.json");

    public static Totals[] Results { get; } = Read<ResultFile>("artifact-results.json").Results;

    /// <summary>The artifact's costs of a built-in profile; one for all tests, since what it has enumerated once it knows.</summary>
    public static ArtifactCosts Costs(string profile) => KnownCosts.GetOrAdd(profile, name => new ArtifactCosts(BuiltInProfiles.Get(name)));

    private static T Read<T>(string file) => JsonSerializer.Deserialize<T>(File.ReadAllText(Path.Combine(AppContext.BaseDirectory, "Data", file)), Options)!;

    private sealed record ResultFile(Totals[] Results);
}

internal sealed record Rules(double[][] TransferMs, Dictionary<string, ModelRules> Models);

/// <summary>RestartMs: [D, P, joining, leaving, intra-stage]. Best: [N, D, P, samples/s]. Costs: [D, P, ms].</summary>
internal sealed record ModelRules(
    int[][] Candidates, double[] LayerParameters, int StateBytes, Dictionary<int, double[]> StageParameters, Dictionary<int, double>? ModelBuildMs, Dictionary<int, int[]> Partition, double[][] RestartMs, double?[][] Best, MigrationRule[] Migrations, ExpectedRule[] Expected, PlanRule[] Plans);

internal sealed record MigrationRule(int[] From, int Instances, int Joined, int[] Lost, double[][] Costs);

/// <summary>Key: [N, D, P, joined, lost].</summary>
internal sealed record ExpectedRule(int[] Key, double[][] Costs);

/// <summary>Future: [N, joined, lost] an interval. To: [D, P, migrating].</summary>
internal sealed record PlanRule(int Instances, int[] From, int Migrating, double LeftMs, int[][] Future, int[] To, double CostMs);

/// <summary>Strategies: [D, P, intervals].</summary>
internal sealed record Totals(
    string Profile, string Segment, int From, int To, double Ideal, double Reactive, double Oracle, double Arima, int[][] ReactiveStrategies, int[][] OracleStrategies);
