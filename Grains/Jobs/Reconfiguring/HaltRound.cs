using Parcae.Grains.Jobs.Planning;

namespace Parcae.Grains.Jobs.Reconfiguring;

/// <summary>What a round of halts brought.</summary>
internal sealed record HaltOutcome
{
    /// <summary>What each worker holds that answered, members or not.</summary>
    public required IReadOnlyDictionary<string, HaltReport> Reports { get; init; }

    /// <summary>What each instance of the state vault holds that answered.</summary>
    public required HaltReport[] Vault { get; init; }

    /// <summary>Members that did not answer, and why that is thought.</summary>
    public required IReadOnlyDictionary<string, string> Silent { get; init; }

    /// <summary>Spares that did not answer while all waited for them: left out this time.</summary>
    public required IReadOnlySet<string> LeftOut { get; init; }
}

/// <summary>Stops a job's workers and learns what they hold. Raises the fence on every instance of the job, so that nothing of an older generation is accepted any more.</summary>
internal sealed class HaltRound(Job job, int generation, AttemptSignals signals)
{
    private readonly Dictionary<string, HaltReport> _reports = new(StringComparer.Ordinal);
    private readonly Dictionary<string, string> _silent = new(StringComparer.Ordinal);
    private readonly TaskCompletionSource _firstStands = new(TaskCreationOptions.RunContinuationsAsynchronously);

    /// <summary>Halts everyone.</summary>
    /// <param name="members">Instances with a place in the running plan: training waits for nobody else.</param>
    /// <param name="others">Other instances of the job, to be fenced and reckoned with if they answer soon.</param>
    /// <param name="vault">The state vault's instance ids.</param>
    /// <param name="mode">When members stop.</param>
    public async Task<HaltOutcome> Run(IReadOnlyCollection<string> members, IReadOnlyCollection<string> others, IReadOnlyCollection<string> vault, HaltMode mode)
    {
        var vaultCalls = vault.ToDictionary(id => id, id => Call(id, mode));
        // They may be following members, and do so to the boundary.
        var otherCalls = others.ToDictionary(id => id, id => Call(id, mode));
        var late = Late();
        await Task.WhenAll(members.Select(id => HaltMember(id, mode, late)));

        // With nobody training there is no hurry, and these are all there are.
        bool hurry = members.Count > 0;
        var othersAnswer = Task.WhenAll(otherCalls.Values);
        await othersAnswer.CompletesWithin(hurry ? job.Options.SuspectTimeout : job.Options.HaltTimeout, job.Time);
        var vaultReports = await AnswersOfVault(vaultCalls);
        // Who followed a layer may be the last who has it.
        if (hurry && !othersAnswer.IsCompleted && !Suffice([.. _reports.Values, .. Answers(otherCalls.Values)], vaultReports)) await othersAnswer.CompletesWithin(job.Options.HaltTimeout, job.Time);
        var leftOut = new HashSet<string>(StringComparer.Ordinal);
        foreach (var (id, call) in otherCalls)
        {
            if (call.IsCompletedSuccessfully) Answered(id, await call);
            else if (hurry) leftOut.Add(id);
            else _silent[id] = call.Failure();
        }

        ThrowIfStale([.. otherCalls.Values, .. vaultCalls.Values]);
        return new HaltOutcome { Reports = _reports, Vault = vaultReports, Silent = _silent, LeftOut = leftOut };
    }

    private async Task<HaltReport[]> AnswersOfVault(Dictionary<string, Task<HaltReport>> calls)
    {
        await Task.WhenAll(calls.Values).CompletesWithin(job.Options.HaltTimeout, job.Time);
        job.KeepsVault(calls, "halt");
        return [.. Answers(calls.Values)];
    }

    private static IEnumerable<HaltReport> Answers(IEnumerable<Task<HaltReport>> calls) => calls.Where(c => c.IsCompletedSuccessfully).Select(c => c.Result);

    /// <summary>Whether those who have answered hold all that the job has done.</summary>
    private bool Suffice(HaltReport[] reports, HaltReport[] vaultReports)
    {
        var results = reports.SelectMany(r => r.Results).DistinctBy(r => r.Step).ToDictionary(r => r.Step);
        StepResult? Known(int step) => results.TryGetValue(step, out var result) ? result : job.Book[step];
        int passed = Math.Max(job.Book.Committed, results.Count == 0 ? 0 : results.Keys.Max() + 1);
        return passed == 0 || TargetVersion.Find(job.Outline.Layers.Length, reports, vaultReports, Known)?.Version >= passed;
    }

    /// <summary>Completes when whoever is not at the boundary yet will hardly come to it: it does not hear, or its peers do not hear it.</summary>
    private async Task Late()
    {
        await _firstStands.Task;
        var steps = TimeSpan.FromSeconds(3 * (job.Book[job.Book.Committed - 1]?.Seconds ?? 0));
        await Task.Delay(steps > job.Options.LagTimeout ? steps : job.Options.LagTimeout, job.Time);
    }

    private async Task HaltMember(string id, HaltMode mode, Task late)
    {
        var gone = signals.Gone(id);
        var calls = new List<Task<HaltReport>> { Call(id, mode) };
        if (mode == HaltMode.AtBoundary)
        {
            await Task.WhenAny(calls[0], signals.Urgent, gone, late).CompletesWithin(job.Options.BoundaryTimeout, job.Time);
            if (!calls[0].IsCompleted && !gone.IsCompleted) calls.Add(Call(id, HaltMode.Now));
        }

        var limit = job.Suspects.ContainsKey(id) ? job.Options.SuspectTimeout : job.Options.HaltTimeout;
        await Task.WhenAny(FirstGood(calls), gone).CompletesWithin(limit, job.Time);
        ThrowIfStale(calls);
        if (calls.FirstOrDefault(c => c.IsCompletedSuccessfully) is { } answer) Answered(id, await answer);
        else _silent[id] = gone.IsCompleted ? "gone" : calls[^1].Failure();
    }

    private void Answered(string id, HaltReport report)
    {
        _reports[id] = report;
        job.Suspects.Remove(id);
        if (!job.IsMember(id)) return;
        _firstStands.TrySetResult();
        job.StoppedAt ??= job.Time.GetTimestamp();
    }

    /// <summary>Completes with the first call that succeeds, or when all have failed.</summary>
    private static async Task FirstGood(List<Task<HaltReport>> calls)
    {
        await foreach (var call in Task.WhenEach(calls))
        {
            if (call.IsCompletedSuccessfully) return;
        }
    }

    private Task<HaltReport> Call(string id, HaltMode mode) =>
        job.Ask(id, i => i.Halt(new HaltCommand(job.Id, generation, mode, job.Book.FirstMissing)));

    /// <summary>A worker that has seen a higher number than this job remembers: numbers go on from there.</summary>
    private void ThrowIfStale(IEnumerable<Task> calls)
    {
        foreach (var call in calls)
        {
            // A worker that is just forgetting the job refuses every number: none is to be learned from that.
            if (call.Exception?.InnerException is not StaleGenerationException { Fence: < int.MaxValue } stale) continue;
            job.State.Attempted = Math.Max(job.State.Attempted, stale.Fence);
            throw new AttemptFailedException(stale.Message, learned: true);
        }
    }
}
