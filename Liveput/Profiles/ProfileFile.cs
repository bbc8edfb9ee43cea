using System.Text.Json;
using System.Text.Json.Serialization;

namespace Parcae.Liveput.Profiles;

/// <summary>Reads measured profiles from JSON.</summary>
/// <remarks><c>{ model, globalBatch, linkBytesPerSecond?, layers: [{ parameters, forwardMs, backwardMs }], measured: [{ pipelines, depth, samplesPerSecond }] }</c>; other members are ignored.</remarks>
public static class ProfileFile
{
    /// <summary>Bandwidth taken where a profile states none: 10 Gb/s, in bytes per second.</summary>
    public const double DefaultLinkBytesPerSecond = 1.25e9;

    private static readonly JsonSerializerOptions Options = new(JsonSerializerDefaults.Web) { ReadCommentHandling = JsonCommentHandling.Skip, AllowTrailingCommas = true };

    /// <summary>Loads a profile.</summary>
    /// <param name="path">The file.</param>
    /// <exception cref="FormatException">It is not a profile; the message names the file and what was expected.</exception>
    public static PlanningProfile Load(string path)
    {
        ArgumentException.ThrowIfNullOrWhiteSpace(path);
        Document document;
        try
        {
            document = JsonSerializer.Deserialize<Document>(File.ReadAllText(path), Options) ?? throw new FormatException($"{path}: expected a JSON object, found null.");
        }
        catch (JsonException e)
        {
            throw new FormatException($"{path}:{e.LineNumber + 1}: not a profile: {e.Message}", e);
        }

        try
        {
            // The time of a layer on the measured accelerator is what an accelerator of 1 FLOP/s would make of as many operations: only the balance between layers counts.
            var layers = document.Layers.Select(l => new LayerCost((long)Math.Round(l.Parameters), (l.ForwardMs + l.BackwardMs) / 3000, 0, 0)).ToArray();
            return PlanningProfile.FromTable(document.Model, layers, document.GlobalBatch, document.Measured, document.LinkBytesPerSecond ?? DefaultLinkBytesPerSecond);
        }
        catch (ArgumentException e)
        {
            throw new FormatException($"{path}: {e.Message}", e);
        }
    }

    private sealed record Document
    {
        [JsonRequired] public string Model { get; init; } = "";

        [JsonRequired] public int GlobalBatch { get; init; }

        public double? LinkBytesPerSecond { get; init; }

        [JsonRequired] public Layer[] Layers { get; init; } = [];

        [JsonRequired] public MeasuredThroughput[] Measured { get; init; } = [];
    }

    private sealed record Layer
    {
        [JsonRequired] public double Parameters { get; init; }

        [JsonRequired] public double ForwardMs { get; init; }

        public double BackwardMs { get; init; }
    }
}
