using System.Text.Json;
using System.Text.Json.Serialization;

namespace Parcae.Benchmarks;

/// <summary>The one line that a benchmark prints last.</summary>
/// <param name="Name">The benchmark.</param>
/// <param name="Ours">What was measured.</param>
/// <param name="Peer">The same of the peer, or null where there is none.</param>
/// <param name="Ratio">Ours over the peer's, or null.</param>
/// <param name="Unit">Of <paramref name="Ours"/>.</param>
/// <param name="Detail">How it was measured, and what else was seen.</param>
internal sealed record BenchmarkResult(string Name, double Ours, double? Peer, double? Ratio, string Unit, IReadOnlyDictionary<string, object> Detail)
{
    private static readonly JsonSerializerOptions Options = new(JsonSerializerDefaults.Web) { DefaultIgnoreCondition = JsonIgnoreCondition.Never };

    /// <summary>One line of JSON.</summary>
    public string ToJson() => JsonSerializer.Serialize(this, Options);
}
