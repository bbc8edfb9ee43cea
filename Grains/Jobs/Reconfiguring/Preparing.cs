namespace Parcae.Grains.Jobs.Reconfiguring;

/// <summary>Runs a preparation with its timeouts and judges what fails.</summary>
internal sealed class Preparing(Job job, Preparation preparation, AttemptSignals signals)
{
    /// <summary>Brings the state where it is needed. Returns the reports, and whether the state vault is ready to follow.</summary>
    /// <exception cref="AttemptFailedException">A replica failed or was lost, or the checkpoint to begin with is damaged.</exception>
    /// <exception cref="CheckpointAwayException">The checkpoint to begin with cannot be had at present.</exception>
    public async Task<(PrepareReport[] Reports, bool VaultFollows)> Run(GenerationPlan plan, Origin origin)
    {
        var vault = preparation.Vault();
        if (origin.Checkpoint is { } checkpoint) await Restored(vault[checkpoint.InstanceId], checkpoint);

        long start = job.Time.GetTimestamp();
        var replicas = preparation.Replicas();
        await Task.WhenAny(replicas, signals.Broken);
        if (!replicas.IsCompleted) throw new AttemptFailedException($"{await signals.Broken} was lost while generation {plan.Generation} was prepared", true);

        var outcomes = await replicas;
        Judge(plan, outcomes);
        var reports = outcomes.Select(o => o.Report!).ToList();
        if (plan.Vault.Length == 0) return ([.. reports], false);

        // Training waits for the vault, so that it sees every gradient, but not for long.
        var patience = job.Options.VaultTimeout - job.Time.GetElapsedTime(start);
        await Task.WhenAll(vault.Values).CompletesWithin(patience > TimeSpan.Zero ? patience : TimeSpan.Zero, job.Time);
        foreach (var call in vault.Values.Where(c => c.IsCompletedSuccessfully)) reports.Add(await call);
        return ([.. reports], job.KeepsVault(vault, "prepare"));
    }

    private async Task Restored(Task<PrepareReport> vault, CheckpointMark checkpoint)
    {
        await vault.CompletesWithin(job.Options.PrepareTimeout, job.Time);
        if (vault.IsCompletedSuccessfully) return;
        if (vault.Exception?.InnerException is CheckpointAwayException away) throw away;
        if (vault.Exception?.InnerException is InstanceGoneException or OrleansException || !vault.IsCompleted)
        {
            job.LeaveVault($"{checkpoint.InstanceId} does not restore ({vault.Failure()})");
        }
        else
        {
            job.DamagedCheckpoints.Add(checkpoint);
            job.Tell($"the checkpoint of step {checkpoint.Version} on {checkpoint.InstanceId} is damaged ({vault.Failure()})");
        }

        throw new AttemptFailedException($"the checkpoint of step {checkpoint.Version} could not be restored", true);
    }

    /// <summary>
    /// A replica that fails need not be at fault: its source may have died. Those that do not answer the next halt are lost, and those that fail again and again. One that was not heard of did not fail.
    /// </summary>
    private void Judge(GenerationPlan plan, ReplicaOutcome[] outcomes)
    {
        var failed = outcomes.Where(o => o.Report is null).ToArray();
        foreach (var done in outcomes.Where(o => o.Report is not null)) job.PrepareFailures.Remove(done.InstanceId);
        if (failed.Length == 0) return;
        foreach (var failure in failed.Where(f => !f.Unheard))
        {
            int times = job.PrepareFailures[failure.InstanceId] = job.PrepareFailures.GetValueOrDefault(failure.InstanceId) + 1;
            bool hopeless = times >= job.Options.PrepareFailureLimit;
            job.Suspects[failure.InstanceId] = new Suspect(hopeless, hopeless ? $"could not prepare {times} times: {failure.Error}" : failure.Error ?? "failed", job.IncarnationOf(failure.InstanceId));
        }

        throw new AttemptFailedException(
            $"generation {plan.Generation} could not be prepared: {string.Join(", ", failed.Select(f => $"{f.InstanceId} ({f.Error})"))}", false);
    }
}
