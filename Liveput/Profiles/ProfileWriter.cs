using System.Globalization;
using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;

using Parcae.Liveput.Costs.Constants;

namespace Parcae.Liveput.Profiles;

/// <summary>Writes profiles as <see cref="ProfileFile"/> reads them: a layer and a measurement on a line each.</summary>
public static class ProfileWriter
{
    private static readonly JsonSerializerOptions TextOptions = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    /// <summary>A profile as JSON.</summary>
    /// <exception cref="ArgumentException">It could not be read again; the message names the member and what would be right.</exception>
    public static string Text(ProfileDocument document)
    {
        ArgumentNullException.ThrowIfNull(document);
        string text = Json(document);
        try
        {
            // One set of rules: what can be read can be written.
            _ = ProfileFile.ParseDocument("the written profile", Encoding.UTF8.GetBytes(text));
            return text;
        }
        catch (ProfileFormatException e)
        {
            throw new ArgumentException(e.Message, nameof(document), e);
        }
    }

    private static string Json(ProfileDocument d)
    {
        bool constants = d.ModelBuildMs is not null;
        (string Name, string? Value)[] members =
        [
            ("$schema", Value(ProfileSchema.Id)),
            ("model", Value(d.Model)),
            ("source", Value(d.Source)),
            ("globalBatch", Value(d.GlobalBatch)),
            ("microBatch", Value(d.MicroBatch)),
            ("instanceType", Value(d.InstanceType)),
            ("optimizer", Value(d.Optimizer)),
            ("optimizerStatesPerParameter", Value(d.OptimizerStatesPerParameter)),
            ("bytesPerValue", Value(d.BytesPerValue)),
            ("pipelineDepth", d.PipelineDepth is { } depths ? Object([("min", Value(depths.Min)), ("max", Value(depths.Max)), ("excluded", Excluded(depths.Excluded))]) : null),
            ("pipelines", Object([("excluded", Excluded(d.ExcludedPipelines))])),
            ("sequenceLength", Value(d.SequenceLength)),
            ("hiddenSize", Value(d.HiddenSize)),
            ("vocabulary", Value(d.Vocabulary)),
            ("linkBytesPerSecond", Value(d.LinkBytesPerSecond)),
            ("modelBuildMs", d.ModelBuildMs is { } builds ? Object([.. builds.OrderBy(b => b.Key).Select(b => (Invariant(b.Key), Value(b.Value)))]) : null),
            ("restartExtraMs", Constant(d.RestartExtraMs, 0)),
            ("processStartMs", Constant(d.ProcessStartMs, 0)),
            ("rendezvousMs", Constant(d.RendezvousMs, 6600)),
            ("checkpointMs", Constant(d.CheckpointMs, 14_000)),
            ("groups", d.Groups is { } groups ? Groups(groups) : null),
            ("transferMs", d.TransferMs is { } transfers ? Object([.. transfers.OrderBy(t => t.Key).Select(t => (Invariant(t.Key), Value(t.Value)))]) : null),
            ("prices", d.Prices is { } prices ? Object([("spotPerHour", Value(prices.SpotPerHour)), ("onDemandPerHour", Value(prices.OnDemandPerHour))]) : null),
            ("layers", Lines(d.Layers.Select(l => Object([("parameters", Value(l.Parameters)), ("forwardMs", Value(l.ForwardMs)), ("backwardMs", Value(l.BackwardMs)),
                ("optimizerMs", Value(l.OptimizerMs)), ("activationMiB", Value(l.ActivationMiB))])))),
            ("measured", Lines(d.Measured.Select(m => Object([("pipelines", Value(m.Pipelines)), ("depth", Value(m.Depth)), ("stepMs", Value(m.StepMs)),
                ("samplesPerSecond", Value(m.SamplesPerSecond))])))),
        ];
        return $"{{\n  {string.Join(",\n  ", members.Where(m => m.Value is not null).Select(Member))}\n}}\n";

        // What a profile without constants of reconfiguration does not use is not shown in it.
        string? Constant(double ms, double standard) => constants || ms != standard ? Value(ms) : null;
    }

    private static string Groups(GroupSetup groups)
    {
        (string, string?)[] members = groups switch
        {
            CommunicatorSetup c => [("kind", Value("communicators")), ("joinMs", Value(c.JoinMs)), ("leaveMs", Value(c.LeaveMs))],
            InstanceSetup i => [("kind", Value("instances")), ("joinMs", Value(i.JoinMs)), ("leaveMs", Value(i.LeaveMs))],
            PipelineSetup p => [("kind", Value("pipelines")), ("steps", $"[{string.Join(", ", p.Steps.Select(s => $"[{Value(s.Pipelines)}, {Value(s.Ms)}]"))}]"), ("joinFactor", Value(p.JoinFactor))],
            _ => throw new ArgumentException($"A profile cannot hold groups of the kind {groups.GetType().Name}.", nameof(groups)),
        };
        return Object([.. members, ("extraMs", Value(groups.ExtraMs))]);
    }

    private static string Lines(IEnumerable<string> items) => $"[\n    {string.Join(",\n    ", items)}\n  ]";

    private static string Object((string Name, string? Value)[] members) => $"{{{string.Join(", ", members.Where(m => m.Value is not null).Select(Member))}}}";

    private static string Member((string Name, string? Value) member) => $"\"{member.Name}\": {member.Value}";

    private static string Excluded(IReadOnlyList<int> excluded) => $"[{string.Join(", ", excluded.Select(Invariant))}]";

    private static string? Value(string? text) => text is null ? null : JsonSerializer.Serialize(text, TextOptions);

    private static string? Value(double? number) => number?.ToString(CultureInfo.InvariantCulture);

    private static string Invariant(int number) => number.ToString(CultureInfo.InvariantCulture);

    private static string Invariant(long number) => number.ToString(CultureInfo.InvariantCulture);
}
