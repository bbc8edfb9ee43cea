using Parcae.Grains.Jobs.Ledger;
using Parcae.Grains.Jobs.Planning;

namespace Parcae.Grains.Jobs.Reconfiguring;

/// <summary>A job brought to rest under a new generation number, with what everybody holds.</summary>
internal sealed class Rest
{
    private readonly Job _job;
    private readonly HaltOutcome _halted;
    private readonly bool _vaultIsWhole;

    private Rest(Job job, int generation, HaltOutcome halted, Roster roster)
    {
        (_job, Generation, _halted, _vaultIsWhole) = (job, generation, halted, halted.Vault.Length == roster.Vault.Length);
        var there = halted.Vault.Select(v => v.InstanceId).ToHashSet(StringComparer.Ordinal);
        Endpoints = roster.Usable.Concat(roster.Draining).Concat(roster.Vault.Where(r => there.Contains(r.Info.Id))).ToDictionary(r => r.Info.Id, r => r.Info.DataPlane, StringComparer.Ordinal);
        Roster = _vaultIsWhole ? roster : roster with { Vault = [] };
    }

    /// <summary>The new generation's number.</summary>
    public int Generation { get; }

    /// <summary>The roster without those who did not answer; without a vault if not all of it did.</summary>
    public Roster Roster { get; }

    /// <summary>The data plane of everyone who answered.</summary>
    public IReadOnlyDictionary<string, PeerEndpoint> Endpoints { get; }

    /// <summary>Members that did not answer, and why that is thought.</summary>
    public IReadOnlyDictionary<string, string> Silent => _halted.Silent;

    /// <summary>What each instance of the state vault holds that answered.</summary>
    public HaltReport[] Vault => _halted.Vault;

    /// <summary>What the workers hold.</summary>
    public IReadOnlyDictionary<string, HaltReport> Reports => _halted.Reports;

    /// <summary>Everyone who answered.</summary>
    public IEnumerable<string> Answered => Reports.Keys.Concat(Vault.Select(v => v.InstanceId));

    /// <summary>Steps that anyone passed.</summary>
    public int Passed => _job.Book.Committed;

    /// <summary>Stops everyone, tells the fleet who did not answer, and enters all step results that are known into the ledger.</summary>
    public static async Task<Rest> Bring(Job job, Roster roster, HaltMode mode, AttemptSignals signals)
    {
        // Durable before anyone hears the number: a number is never used twice, and whoever takes over knows that training may stand still.
        int generation = ++job.State.Attempted;
        job.State.Halted = true;
        job.State.Secured = null;
        await job.Save();

        var ids = roster.Usable.Concat(roster.Draining).Select(r => r.Info.Id).ToArray();
        var members = ids.Where(job.IsMember).ToArray();
        var halted = await new HaltRound(job, generation, signals).Run(members, [.. ids.Except(members)], [.. roster.Vault.Select(r => r.Info.Id)], mode);
        job.Frozen = true;
        foreach (var (id, why) in halted.Silent) await job.Lose(id, job.IncarnationOf(id), why);

        foreach (var result in ToldResults.OfTheLine(job.State.Plan, [.. halted.Reports.Values, .. halted.Vault])) StepIntake.Take(job, result);

        // Someone who was given up, or a vault that was left alone, may come back with a newer state than the line's: the results come with it.
        HaltReport[] workers = [.. halted.Reports.Values];
        int newest = TargetVersion.Find(job.Outline.Layers.Length, workers, halted.Vault, step => job.Book[step])?.Version ?? 0;
        foreach (var result in ToldResults.Beyond(job.Book.Committed, newest, [.. workers, .. halted.Vault])) StepIntake.Take(job, result);

        var gone = new HashSet<string>([.. halted.Silent.Keys, .. halted.LeftOut], StringComparer.Ordinal);
        var rest = new Rest(job, generation, halted, roster.Without(gone));
        rest.TakeCheckpointResults();
        return rest;
    }

    /// <summary>A generation that begins at a checkpoint beyond what the job has saved, as all who trained have died since, has the results of the steps before it from there.</summary>
    private void TakeCheckpointResults()
    {
        if (FindOrigin()?.Checkpoint is not { } checkpoint) return;
        // The counters that were saved may speak of a few results that were not.
        int from = _job.Book.FirstMissing;
        foreach (var result in Vault.First(v => v.InstanceId == checkpoint.InstanceId).CheckpointResults.Where(r => r.Step >= from && r.Step < checkpoint.Version)) StepIntake.Take(_job, result);
    }

    /// <summary>A checkpoint that the vault has written, where none of those who are here has one as new.</summary>
    public CheckpointMark? CheckpointAway => _job.State.Checkpoint is { } known && !Vault.Any(v => v.Checkpoints.Any(c => c >= known.Version)) ? known : null;

    /// <summary>Who of the vault cannot tell at present which checkpoints there are, and why, for people; null: all can.</summary>
    public string? CheckpointsUnread => Vault.FirstOrDefault(v => v.CheckpointsUnread is not null) is { } unread ? $"{unread.InstanceId} does not know all checkpoints ({unread.CheckpointsUnread})" : null;

    /// <summary>
    /// Where the next generation begins: at the highest version held among peers and vault, or at a newer checkpoint; from the seed when nothing was ever committed,
    /// or when everything is lost and no vault can be waited for. Null: the state is, or may be, in a vault or its bucket that is not there at present.
    /// </summary>
    public Origin? FindOrigin()
    {
        int layers = _job.Outline.Layers.Length;
        var target = TargetVersion.Find(layers, [.. Reports.Values], Vault, step => _job.Book[step]);
        var checkpoint = Vault.SelectMany(v => v.Checkpoints.Select(c => new CheckpointMark(c, v.InstanceId))).Where(c => !_job.DamagedCheckpoints.Contains(c)).MaxBy(c => c.Version);
        if (checkpoint is not null && (target is null || checkpoint.Version > target.Version))
        {
            return new Origin(new StateTarget
            {
                Version = checkpoint.Version,
                Holders = [.. Enumerable.Repeat<string[]>([checkpoint.InstanceId], layers)],
                Finishers = new HashSet<string>(),
            }, checkpoint);
        }

        if (target is { Version: > 0 }) return new Origin(target, null);
        // A job that knows of no step may have been submitted again under its old id.
        if (CheckpointsUnread is not null) return null;
        if (target is not null && Passed == 0) return new Origin(target, null);
        bool vaultAway = _job.Spec.Training.Vault && (Vault.Length == 0 || !_vaultIsWhole || CheckpointAway is not null);
        return Passed > 0 && vaultAway ? null : new Origin(TargetVersion.Seed(layers, [.. Reports.Values]), null);
    }
}

/// <summary>Where a generation begins.</summary>
/// <param name="Target">The version and who holds it.</param>
/// <param name="Checkpoint">The checkpoint that one of the vault's instances restores first, or null.</param>
internal sealed record Origin(StateTarget Target, CheckpointMark? Checkpoint);
