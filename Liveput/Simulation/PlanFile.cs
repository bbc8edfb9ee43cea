using System.Text.Json;

using Parcae.Liveput.Traces;

namespace Parcae.Liveput.Simulation;

/// <summary>What policies did on a trace, interval by interval, as a file that a replay can follow.</summary>
/// <remarks>
/// JSON: <c>{ "kind": "parcae-plan", "profile", "costModel", "trace": { ... }, "policies": [{ "policy", "forecast", "lookAhead", "strategies": [[D, P], ...] }] }</c>; <c>trace</c> is a trace of our own format,
/// so that wherever a trace is read a plan file is too. A pause is <c>[0, 0]</c>.
/// </remarks>
/// <param name="Profile">The model.</param>
/// <param name="CostModel">Name of the cost model.</param>
/// <param name="Trace">What was available.</param>
/// <param name="Policies">What each policy ran.</param>
public sealed record PlanFile(string Profile, string CostModel, AvailabilityTrace Trace, IReadOnlyList<PlannedPolicy> Policies)
{
    private const string Kind = "parcae-plan";

    /// <summary>Writes the file whole or not at all.</summary>
    /// <param name="path">Replaced if it is there.</param>
    public void Save(string path)
    {
        ArgumentException.ThrowIfNullOrWhiteSpace(path);
        string temporary = $"{path}.{Environment.ProcessId}.tmp";
        try
        {
            using (var stream = File.Create(temporary)) Write(stream);
            File.Move(temporary, path, overwrite: true);
        }
        catch
        {
            File.Delete(temporary);
            throw;
        }
    }

    /// <summary>Writes the file's content.</summary>
    public void Write(Stream stream)
    {
        using var json = new Utf8JsonWriter(stream, new JsonWriterOptions { Indented = false });
        json.WriteStartObject();
        json.WriteString("kind", Kind);
        json.WriteString("profile", Profile);
        json.WriteString("costModel", CostModel);
        json.WritePropertyName("trace");
        TraceWriter.WriteJson(json, Trace);
        json.WriteStartArray("policies");
        foreach (var policy in Policies)
        {
            json.WriteStartObject();
            json.WriteString("policy", policy.Policy);
            json.WriteString("forecast", policy.Forecast);
            json.WriteNumber("lookAhead", policy.LookAhead);
            json.WriteStartArray("strategies");
            foreach (var strategy in policy.Strategies)
            {
                json.WriteStartArray();
                json.WriteNumberValue(strategy.Pipelines);
                json.WriteNumberValue(strategy.Depth);
                json.WriteEndArray();
            }

            json.WriteEndArray();
            json.WriteEndObject();
        }

        json.WriteEndArray();
        json.WriteEndObject();
    }

    /// <summary>Reads a plan file.</summary>
    /// <exception cref="FormatException">It is not one; the message names the file and what was expected.</exception>
    public static PlanFile Load(string path)
    {
        ArgumentException.ThrowIfNullOrWhiteSpace(path);
        var trace = TraceFile.Load(path);
        try
        {
            using var document = JsonDocument.Parse(File.ReadAllBytes(path));
            var root = document.RootElement;
            if (root.GetProperty("kind").GetString() != Kind) throw new FormatException($"{path}: kind is {root.GetProperty("kind")}; it must be {Kind}.");
            var policies = root.GetProperty("policies").EnumerateArray().Select(p => new PlannedPolicy(
                p.GetProperty("policy").GetString()!,
                p.GetProperty("forecast").GetString(),
                p.GetProperty("lookAhead").GetInt32(),
                [.. p.GetProperty("strategies").EnumerateArray().Select(s => new Strategy(s[0].GetInt32(), s[1].GetInt32()))])).ToList();
            foreach (var policy in policies)
            {
                if (policy.Strategies.Count != trace.Intervals.Count)
                {
                    throw new FormatException($"{path}: policy {policy.Policy} has {policy.Strategies.Count} strategies; it must have one for each of the trace's {trace.Intervals.Count} intervals.");
                }

                for (int i = 0; i < policy.Strategies.Count; i++)
                {
                    var strategy = policy.Strategies[i];
                    if (strategy.Pipelines < 0 || strategy.Depth < 0 || strategy.IsPause != (strategy.Depth == 0) || (long)strategy.Pipelines * strategy.Depth > trace.Intervals[i].Available)
                    {
                        throw new FormatException($"{path}: policy {policy.Policy}, interval {i}: [{strategy.Pipelines}, {strategy.Depth}] does not fit {trace.Intervals[i].Available} instances.");
                    }
                }
            }

            return new PlanFile(root.GetProperty("profile").GetString()!, root.GetProperty("costModel").GetString()!, trace, policies);
        }
        catch (Exception e) when (e is JsonException or KeyNotFoundException or InvalidOperationException or IndexOutOfRangeException)
        {
            throw new FormatException($"{path}: expected a plan file, {{ kind, profile, costModel, trace, policies }}: {e.Message}", e);
        }
    }
}

/// <summary>What a policy ran.</summary>
/// <param name="Policy">Its name.</param>
/// <param name="Forecast">Its forecaster's name, or null.</param>
/// <param name="LookAhead">Intervals that it looked into; 0 where it does not look ahead.</param>
/// <param name="Strategies">One entry an interval; <see cref="Strategy.None"/>: paused.</param>
public sealed record PlannedPolicy(string Policy, string? Forecast, int LookAhead, IReadOnlyList<Strategy> Strategies);
