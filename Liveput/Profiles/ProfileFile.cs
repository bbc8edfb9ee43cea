using System.Text.Json;
using System.Text.Json.Serialization;

using Parcae.Liveput.Costs.Constants;

namespace Parcae.Liveput.Profiles;

/// <summary>Reads measured profiles from JSON (the published schema: docs/profile.schema.json).</summary>
/// <remarks>
/// Needed are <c>model</c>, <c>globalBatch</c>, <c>layers</c> and <c>measured</c>. With <c>modelBuildMs</c> a profile also carries the constants of reconfiguration; where <c>groups</c> or <c>transferMs</c> are
/// not stated, those measured for the Parcae artifact are taken. Depths outside of <c>pipelineDepth</c> and excluded values are left out of the measured strategies.
/// </remarks>
public static class ProfileFile
{
    /// <summary>Bandwidth taken where a profile states none: 10 Gb/s, in bytes per second.</summary>
    public const double DefaultLinkBytesPerSecond = 1.25e9;

    /// <summary>A larger file is refused, bytes.</summary>
    public const long MaxBytes = 16 << 20;

    private static readonly JsonSerializerOptions Options = new(JsonSerializerDefaults.Web)
    {
        ReadCommentHandling = JsonCommentHandling.Skip,
        AllowTrailingCommas = true,
        UnmappedMemberHandling = JsonUnmappedMemberHandling.Disallow,
        NumberHandling = JsonNumberHandling.Strict,
    };

    /// <summary>Loads a profile.</summary>
    /// <param name="path">The file.</param>
    /// <exception cref="FormatException">It is not a profile; the message names the file and what was expected.</exception>
    public static PlanningProfile Load(string path)
    {
        ArgumentException.ThrowIfNullOrWhiteSpace(path);
        long length = new FileInfo(path).Length;
        if (length > MaxBytes) throw new FormatException($"{path}: not a profile: expected at most {MaxBytes} bytes, found {length}.");
        return Parse(path, File.ReadAllBytes(path));
    }

    /// <summary>Reads a profile from the bytes of a file.</summary>
    /// <param name="file">What errors call the file.</param>
    /// <param name="content">UTF-8.</param>
    /// <exception cref="FormatException">It is not a profile; the message names the file and what was expected.</exception>
    public static PlanningProfile Parse(string file, ReadOnlySpan<byte> content)
    {
        ArgumentException.ThrowIfNullOrWhiteSpace(file);
        if (content.StartsWith("\uFEFF"u8)) content = content[3..];
        ProfileDocument document;
        try
        {
            document = JsonSerializer.Deserialize<ProfileDocument>(content, Options) ?? throw new FormatException($"{file}: expected a JSON object, found null.");
        }
        catch (JsonException e)
        {
            throw new FormatException($"{file}:{(e.LineNumber ?? 0) + 1}: not a profile: {e.Message.Split(" LineNumber:")[0].Split(" Path:")[0]}{(e.Path is { } path ? $" (at {path})" : "")}", e);
        }

        try
        {
            return Profile(document);
        }
        catch (ArgumentException e)
        {
            throw new FormatException($"{file}: {e.Message}", e);
        }
    }

    private static PlanningProfile Profile(ProfileDocument document)
    {
        Require(!string.IsNullOrWhiteSpace(document.Model), "model is empty; it must name the model");
        Require(document.GlobalBatch > 0, $"globalBatch is {document.GlobalBatch}; it must be at least 1");
        Require(document.OptimizerStatesPerParameter is >= 0 and <= 16, $"optimizerStatesPerParameter is {document.OptimizerStatesPerParameter}; it must be from 0 to 16");
        Require(document.BytesPerValue is >= 1 and <= 16, $"bytesPerValue is {document.BytesPerValue}; it must be from 1 to 16");
        Require(document.LinkBytesPerSecond is null or (> 0 and < double.PositiveInfinity), $"linkBytesPerSecond is {document.LinkBytesPerSecond}; it must be above 0");
        Require(document.Layers is { Length: > 0 and <= 100_000 }, $"layers holds {document.Layers?.Length ?? 0}; it must hold from 1 to 100,000");
        Require(document.Measured is not null, "measured is null; it must be a list");

        // The time of a layer on the measured accelerator is what an accelerator of 1 FLOP/s would make of as many operations: only the balance between layers counts.
        var layers = document.Layers!.Select(Layer).ToArray();
        var depths = document.PipelineDepth ?? new ProfileDocument.DepthRange();
        Require(depths.Min >= 1 && depths.Max >= depths.Min, $"pipelineDepth is from {depths.Min} to {depths.Max}; it must begin at 1 or above and not end before");
        HashSet<int> excludedDepths = [.. depths.Excluded ?? []], excludedPipelines = [.. document.Pipelines?.Excluded ?? []];
        var table = document.Measured!
            .Select((m, i) => m is null ? throw new ArgumentException($"measured[{i}] is null.") : new MeasuredThroughput(m.Pipelines, m.Depth, m.SamplesPerSecond))
            .Where(m => m.Depth >= depths.Min && m.Depth <= depths.Max && !excludedDepths.Contains(m.Depth) && !excludedPipelines.Contains(m.Pipelines))
            .ToList();
        foreach (var m in table) Require(m.Pipelines <= 100_000, $"measured holds {m.Pipelines} pipelines; at most 100,000 can be planned");
        return PlanningProfile.FromTable(document.Model, layers, document.GlobalBatch, table, document.LinkBytesPerSecond ?? DefaultLinkBytesPerSecond, new ProfileExtras
        {
            Source = document.Source,
            StateBytesPerParameter = (1 + document.OptimizerStatesPerParameter) * document.BytesPerValue,
            Reconfiguration = Reconfiguration(document, table),
            Prices = Prices(document.Prices),
        });
    }

    private static LayerCost Layer(ProfileDocument.Layer? layer, int index)
    {
        if (layer is null) throw new ArgumentException($"layers[{index}] is null.");
        Require(layer.Parameters is >= 0 and < 1e15, $"layers[{index}].parameters is {layer.Parameters}; it must be from 0 to 1e15");
        foreach (var (name, value) in (ReadOnlySpan<(string, double)>)[
            ("forwardMs", layer.ForwardMs), ("backwardMs", layer.BackwardMs), ("optimizerMs", layer.OptimizerMs), ("activationMiB", layer.ActivationMiB)])
        {
            Require(value is >= 0 and < 1e15, $"layers[{index}].{name} is {value}; it must be at least 0");
        }

        return new LayerCost((long)Math.Round(layer.Parameters), (layer.ForwardMs + layer.BackwardMs) / 3000, 0, 0);
    }

    private static ReconfigurationConstants? Reconfiguration(ProfileDocument document, List<MeasuredThroughput> table)
    {
        if (document.ModelBuildMs is not { } builds) return null;
        foreach (var (name, value) in (ReadOnlySpan<(string, double)>)[
            ("restartExtraMs", document.RestartExtraMs), ("processStartMs", document.ProcessStartMs), ("rendezvousMs", document.RendezvousMs), ("checkpointMs", document.CheckpointMs)])
        {
            Require(value is >= 0 and < 1e12, $"{name} is {value}; it must be at least 0");
        }

        foreach (var (depth, ms) in builds) Require(depth >= 1 && ms is >= 0 and < 1e12, $"modelBuildMs has {ms} ms for depth {depth}; it must be at least 0 ms, for a depth of at least 1");
        foreach (var m in table) Require(builds.ContainsKey(m.Depth), $"modelBuildMs has no entry for depth {m.Depth}, which was measured");
        return new ReconfigurationConstants
        {
            RendezvousMs = document.RendezvousMs,
            RestartExtraMs = document.RestartExtraMs,
            ProcessStartMs = document.ProcessStartMs,
            CheckpointMs = document.CheckpointMs,
            ModelBuildMs = builds,
            Groups = document.Groups?.Read() ?? GroupSetup.OfModel(document.Model),
            Transfers = document.TransferMs is { } transfers ? new TransferTable([.. transfers.OrderBy(t => t.Key).Select(t => ((double)t.Key, t.Value))])
                : document.LinkBytesPerSecond is { } bandwidth ? TransferTable.OfBandwidth(bandwidth) : TransferTable.TenGigabit,
        };
    }

    private static InstancePrices? Prices(ProfileDocument.Price? prices)
    {
        if (prices is null) return null;
        Require(prices.SpotPerHour is >= 0 and < 1e9, $"prices.spotPerHour is {prices.SpotPerHour}; it must be at least 0");
        Require(prices.OnDemandPerHour is >= 0 and < 1e9, $"prices.onDemandPerHour is {prices.OnDemandPerHour}; it must be at least 0");
        return new InstancePrices(prices.SpotPerHour, prices.OnDemandPerHour);
    }

    private static void Require(bool holds, string problem)
    {
        if (!holds) throw new ArgumentException(problem + ".");
    }
}
