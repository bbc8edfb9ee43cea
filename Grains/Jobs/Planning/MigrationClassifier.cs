namespace Parcae.Grains.Jobs.Planning;

/// <summary>Says what kind of migration leads from one plan to the next (the paper, section 6).</summary>
internal static class MigrationClassifier
{
    /// <summary>The kind of migration.</summary>
    /// <param name="from">The plan in force before, or null when there never was one.</param>
    /// <param name="to">The plan after.</param>
    /// <param name="paused">Whether the job was paused in between.</param>
    public static MigrationKind Classify(GenerationPlan? from, GenerationPlan to, bool paused)
    {
        if (from is null) return MigrationKind.Start;
        if (paused || !to.Places.Any(p => from.Of(p.Peer.InstanceId) is not null)) return MigrationKind.Resume;
        if (from.Depth != to.Depth) return MigrationKind.Pipeline;
        return to.Places.All(p => from.Of(p.Peer.InstanceId)?.Stage == p.Stage) ? MigrationKind.IntraStage : MigrationKind.InterStage;
    }

    /// <summary>Where the state of a plan's places comes from: <c>shadows</c> that followed it ahead of the switch, <c>peers</c>, <c>vault</c>, <c>checkpoint</c>, <c>seed</c>, joined by <c>+</c>; or <c>in place</c>.</summary>
    /// <param name="plan">The plan.</param>
    /// <param name="holders">Who holds each layer at the plan's start version, <c>[layers]</c>.</param>
    /// <param name="vault">Instance ids of the state vault.</param>
    /// <param name="restored">Whether the vault takes its copy from a checkpoint.</param>
    /// <param name="shadowed">Whether an instance holds a layer because it followed it.</param>
    public static string Source(GenerationPlan plan, string[][] holders, IReadOnlyCollection<string> vault, bool restored, Func<string, int, bool> shadowed)
    {
        bool shadows = false, peers = false, copy = false, seed = false;
        foreach (var place in plan.Places)
        {
            var stage = plan.Stages[place.Stage];
            for (int layer = stage.First; layer < stage.End; layer++)
            {
                if (holders[layer].Contains(place.Peer.InstanceId)) shadows |= shadowed(place.Peer.InstanceId, layer);
                else if (holders[layer].Length == 0) seed = true;
                else if (holders[layer].Any(h => !vault.Contains(h))) peers = true;
                else copy = true;
            }
        }

        string text = string.Join('+', new[] { shadows ? "shadows" : null, peers ? "peers" : null, copy ? restored ? "checkpoint" : "vault" : null, seed ? "seed" : null }.OfType<string>());
        return text.Length == 0 ? "in place" : text;
    }
}
