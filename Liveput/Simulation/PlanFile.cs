using System.Text.Json;

using Parcae.Liveput.Traces;

namespace Parcae.Liveput.Simulation;

/// <summary>What policies did on a trace, interval by interval, as a file that a replay can follow.</summary>
/// <remarks>
/// JSON: <c>{ "kind": "parcae-plan", "profile", "costModel", "trace": { ... }, "policies": [{ "policy", "forecast", "lookAhead", "strategies": [[D, P], ...], "onDemand": [N, ...] }] }</c>; <c>trace</c> is a trace of our own format,
/// so that wherever a trace is read a plan file is too. A pause is <c>[0, 0]</c>. <c>onDemand</c>, where it is, holds the instances rented on demand in each
/// interval; where they are above 0 the strategy runs on them and not on the trace's.
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
            if (policy.OnDemand.Count > 0)
            {
                json.WriteStartArray("onDemand");
                foreach (int instances in policy.OnDemand) json.WriteNumberValue(instances);
                json.WriteEndArray();
            }

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
                [.. p.GetProperty("strategies").EnumerateArray().Select(s => new Strategy(s[0].GetInt32(), s[1].GetInt32()))])
            {
                OnDemand = p.TryGetProperty("onDemand", out var counts) ? [.. counts.EnumerateArray().Select(c => c.GetInt32())] : [],
            }).ToList();
            foreach (var policy in policies) Check(path, trace, policy);
            return new PlanFile(root.GetProperty("profile").GetString()!, root.GetProperty("costModel").GetString()!, trace, policies);
        }
        catch (Exception e) when (e is JsonException or KeyNotFoundException or InvalidOperationException or IndexOutOfRangeException)
        {
            throw new FormatException($"{path}: expected a plan file, {{ kind, profile, costModel, trace, policies }}: {e.Message}", e);
        }
    }

    private static void Check(string path, AvailabilityTrace trace, PlannedPolicy policy)
    {
        int intervals = trace.Intervals.Count;
        if (policy.Strategies.Count != intervals)
            throw new FormatException($"{path}: policy {policy.Policy} has {policy.Strategies.Count} strategies; it must have one for each of the trace's {intervals} intervals.");
        if (policy.OnDemand.Count > 0 && policy.OnDemand.Count != intervals)
            throw new FormatException($"{path}: policy {policy.Policy} has {policy.OnDemand.Count} counts of onDemand; it must have one for each of the trace's {intervals} intervals, or none.");
        for (int i = 0; i < intervals; i++)
        {
            var strategy = policy.Strategies[i];
            int rented = policy.OnDemand.Count > 0 ? policy.OnDemand[i] : 0, room = rented > 0 ? rented : trace.Intervals[i].Available;
            if (rented < 0 || strategy.Pipelines < 0 || strategy.Depth < 0 || strategy.IsPause != (strategy.Depth == 0) || (long)strategy.Pipelines * strategy.Depth > room)
                throw new FormatException($"{path}: policy {policy.Policy}, interval {i}: [{strategy.Pipelines}, {strategy.Depth}] does not fit {room} {(rented > 0 ? "on-demand " : "")}instances.");
        }
    }
}

/// <summary>What a policy ran.</summary>
/// <param name="Policy">Its name.</param>
/// <param name="Forecast">Its forecaster's name, or null.</param>
/// <param name="LookAhead">Intervals that it looked into; 0 where it does not look ahead.</param>
/// <param name="Strategies">One entry an interval; <see cref="Strategy.None"/>: paused.</param>
public sealed record PlannedPolicy(string Policy, string? Forecast, int LookAhead, IReadOnlyList<Strategy> Strategies)
{
    /// <summary>Instances rented on demand in each interval; the default, empty, for none at all.</summary>
    public IReadOnlyList<int> OnDemand { get; init; } = [];
}
