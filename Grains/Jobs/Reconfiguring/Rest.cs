using Parcae.Grains.Jobs.Ledger;
using Parcae.Grains.Jobs.Planning;

namespace Parcae.Grains.Jobs.Reconfiguring;

/// <summary>A job brought to rest under a new generation number, with what everybody holds.</summary>
internal sealed class Rest
{
    private readonly Job _job;
    private readonly HaltOutcome _halted;

    private Rest(Job job, int generation, HaltOutcome halted, Roster roster)
    {
        (_job, Generation, _halted, Roster) = (job, generation, halted, roster);
    }

    /// <summary>The new generation's number.</summary>
    public int Generation { get; }

    /// <summary>The roster without those who did not answer.</summary>
    public Roster Roster { get; }

    /// <summary>Members that did not answer, and why that is thought.</summary>
    public IReadOnlyDictionary<string, string> Silent => _halted.Silent;

    /// <summary>What the state vault holds, or null.</summary>
    public HaltReport? Vault => _halted.Vault;

    /// <summary>What the workers hold.</summary>
    public IReadOnlyDictionary<string, HaltReport> Reports => _halted.Reports;

    /// <summary>Steps that anyone passed.</summary>
    public int Passed => _job.Book.Committed;

    /// <summary>Stops everyone, tells the fleet who did not answer, and enters all step results that are known into the ledger.</summary>
    public static async Task<Rest> Bring(Job job, Roster roster, HaltMode mode, AttemptSignals signals)
    {
        // Durable before anyone hears the number: a number is never used twice, and whoever takes over knows that training may stand still.
        int generation = ++job.State.Attempted;
        job.State.Halted = true;
        await job.Save();

        var ids = roster.Usable.Concat(roster.Draining).Select(r => r.Info.Id).ToArray();
        var members = ids.Where(job.IsMember).ToArray();
        var halted = await new HaltRound(job, generation, signals).Run(members, [.. ids.Except(members)], roster.Vault?.Info.Id, mode);
        job.Frozen = true;
        foreach (var (id, why) in halted.Silent) await job.Lose(id, why);

        foreach (var result in ToldResults.OfTheLine(job.State.Plan, halted.Reports.Values, halted.Vault)) StepIntake.Take(job, result);

        // Someone who was given up, or a vault that was left alone, may come back with a newer state than the line's: the results come with it.
        HaltReport[] workers = [.. halted.Reports.Values];
        int newest = TargetVersion.Find(job.Outline.Layers.Length, workers, halted.Vault, step => job.Book[step])?.Version ?? 0;
        var tellers = halted.Vault is { } vault ? workers.Append(vault) : workers;
        foreach (var result in ToldResults.Beyond(job.Book.Committed, newest, tellers)) StepIntake.Take(job, result);

        var gone = new HashSet<string>([.. halted.Silent.Keys, .. halted.LeftOut], StringComparer.Ordinal);
        roster = roster.Without(gone);
        if (halted.Vault is null) roster = roster with { Vault = null };
        return new Rest(job, generation, halted, roster);
    }

    /// <summary>
    /// Where the next generation begins: at the highest version held among peers and vault, or at a newer checkpoint; from the seed when nothing was ever committed,
    /// or when everything is lost and no vault can be waited for. Null: the state is in a vault that is not there at present.
    /// </summary>
    public Origin? FindOrigin()
    {
        int layers = _job.Outline.Layers.Length;
        var target = TargetVersion.Find(layers, [.. Reports.Values], Vault, step => _job.Book[step]);
        int checkpoint = (Vault?.Checkpoints ?? []).Where(c => !_job.DamagedCheckpoints.Contains(c)).DefaultIfEmpty(-1).Max();
        if (checkpoint >= 0 && (target is null || checkpoint > target.Version))
        {
            string[] vault = [Vault!.InstanceId];
            return new Origin(new StateTarget
            {
                Version = checkpoint,
                Holders = [.. Enumerable.Repeat(vault, layers)],
                Finishers = new HashSet<string>(),
            }, checkpoint);
        }

        if (target is { Version: > 0 } || (target is not null && Passed == 0)) return new Origin(target, null);
        bool vaultAway = _job.Spec.Training.Vault && Vault is null;
        return Passed > 0 && vaultAway ? null : new Origin(TargetVersion.Seed(layers, [.. Reports.Values]), null);
    }
}

/// <summary>Where a generation begins.</summary>
/// <param name="Target">The version and who holds it.</param>
/// <param name="Checkpoint">The checkpoint that the vault restores first, or null.</param>
internal sealed record Origin(StateTarget Target, int? Checkpoint);
