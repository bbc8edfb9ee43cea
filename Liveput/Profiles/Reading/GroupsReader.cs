using Parcae.Liveput.Costs.Constants;

namespace Parcae.Liveput.Profiles.Reading;

/// <summary>Reads the member groups of a profile: the setup of communication groups, of one of three kinds.</summary>
internal static class GroupsReader
{
    private const string Kinds = "communicators, instances or pipelines";

    private static readonly MemberSet Members = new("groups", ["kind"], ["joinMs", "leaveMs", "steps", "joinFactor", "extraMs"]);

    public static GroupSetup Read(ref ProfileTokens json)
    {
        string kind = "";
        double? joinMs = null, leaveMs = null, joinFactor = null;
        double extraMs = 35;
        List<(int, double)>? steps = null;
        ulong seen = 0;
        json.BeginObject($"an object with kind: {Kinds}");
        while (json.Member(Members, ref seen, out string name))
        {
            switch (name)
            {
                case "kind": kind = Kind(json); break;
                case "joinMs": joinMs = json.Number(ProfileLimits.MaxMs); break;
                case "leaveMs": leaveMs = json.Number(ProfileLimits.MaxMs); break;
                case "joinFactor": joinFactor = json.Number(ProfileLimits.MaxMs); break;
                case "extraMs": extraMs = json.Number(ProfileLimits.MaxMs); break;
                default: steps = Steps(ref json); break;
            }
        }

        bool inSteps = kind == "pipelines";
        string rule = inSteps ? "groups of kind pipelines must have steps and joinFactor" : $"groups of kind {kind} must have joinMs and leaveMs";
        foreach (var (name, there, wanted) in (ReadOnlySpan<(string, bool, bool)>)[
            ("joinMs", joinMs is not null, !inSteps), ("leaveMs", leaveMs is not null, !inSteps), ("steps", steps is not null, inSteps), ("joinFactor", joinFactor is not null, inSteps)])
        {
            if (wanted && !there) throw json.ErrorAt(json.Position, $"groups.{name}", $"groups.{name} is missing; {rule}");
            if (there && !wanted) throw json.ErrorAt(json.Position, $"groups.{name}", $"groups.{name} is there; {rule}, and not {name}");
        }

        return kind switch
        {
            "communicators" => new CommunicatorSetup(joinMs!.Value, leaveMs!.Value) { ExtraMs = extraMs },
            "instances" => new InstanceSetup(joinMs!.Value, leaveMs!.Value) { ExtraMs = extraMs },
            _ => new PipelineSetup(steps!, joinFactor!.Value) { ExtraMs = extraMs },
        };
    }

    private static string Kind(in ProfileTokens json) =>
        json.TextIs("communicators") ? "communicators" : json.TextIs("instances") ? "instances" : json.TextIs("pipelines") ? "pipelines" : throw json.Wrong(Kinds);

    private static List<(int, double)> Steps(ref ProfileTokens json)
    {
        const string Expected = "[pipelines, milliseconds]";
        var steps = new List<(int Pipelines, double)>();
        json.BeginList($"a list of {Expected}");
        while (json.Item())
        {
            json.BeginList(Expected);
            if (!json.Item()) throw json.Error($"{json.Path()} is empty; it must be {Expected}");
            int most = steps.Count > 0 ? steps[^1].Pipelines - 1 : ProfileLimits.MaxPipelines;
            if (most < 0) throw json.Error($"{json.Path()} comes after a step from 0 pipelines on; that must be the last");
            int pipelines = json.Whole(most, min: 0);
            if (!json.Item()) throw json.Error($"{json.Path()} holds 1; it must be {Expected}");
            steps.Add((pipelines, json.Number(ProfileLimits.MaxMs)));
            if (json.Item()) throw json.Wrong($"left out: a step is {Expected}");
        }

        if (steps.Count == 0) throw json.Error("groups.steps is empty; it must hold at least one step, the last from 0 pipelines on");
        return steps[^1].Pipelines == 0
            ? steps
            : throw json.Error($"groups.steps ends with a step from {steps[^1].Pipelines} pipelines on; its last step must be from 0 on");
    }
}
