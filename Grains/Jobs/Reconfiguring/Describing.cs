namespace Parcae.Grains.Jobs.Reconfiguring;

/// <summary>Has a worker describe the job's model, once: only a worker has it.</summary>
internal static class Describing
{
    /// <summary>
    /// Asks one usable instance after the other until one has answered, and keeps the answer. Without instances the job is paused; a spec that no worker can do
    /// anything with ends it. Whatever else the user wants meanwhile cuts it short. Returns whether the model is known now.
    /// </summary>
    /// <exception cref="AttemptFailedException">No instance answered; each says why.</exception>
    public static async Task<bool> Ensure(Job job, Roster roster)
    {
        if (roster.Usable.Length == 0)
        {
            job.Spares = [];
            if (!job.State.WasPaused || job.State.Phase != JobPhase.Paused) await Pausing.Leave(job, Reconfiguration.Lack(job, roster));
            return false;
        }

        long start = job.Time.GetTimestamp();
        var calls = new Dictionary<string, Task<ModelOutline>>(StringComparer.Ordinal);
        var failures = new List<string>();
        foreach (string id in roster.Usable.Select(r => r.Info.Id))
        {
            calls[id] = job.Ask(id, i => i.Describe(job.Spec));
            await Task.WhenAny(calls.Values).CompletesWithin(job.Options.DescribePatience, job.Time);
            if (await Settle(job, calls, failures) is { } known) return known;
            if (job.State.Intent != JobIntent.Run) return false;
        }

        // All have been asked; who is still at it may have much data to read.
        while (calls.Count > 0 && job.Time.GetElapsedTime(start) < job.Options.PrepareTimeout)
        {
            await Task.WhenAny(calls.Values).CompletesWithin(job.Options.DescribePatience, job.Time);
            if (await Settle(job, calls, failures) is { } known) return known;
            if (job.State.Intent != JobIntent.Run) return false;
        }

        failures.AddRange(calls.Select(c => $"{c.Key} (no answer in time)"));
        throw new AttemptFailedException($"no instance could describe the model: {string.Join(", ", failures)}", learned: false);
    }

    /// <summary>Looks at the calls that are done. Null: none of them says anything yet; they are struck off.</summary>
    private static async Task<bool?> Settle(Job job, Dictionary<string, Task<ModelOutline>> calls, List<string> failures)
    {
        foreach (var (id, call) in calls.Where(c => c.Value.IsCompleted).ToArray())
        {
            calls.Remove(id);
            if (call.IsCompletedSuccessfully)
            {
                var outline = job.State.Outline = await call;
                job.Tell($"{id} describes the model: {outline.Description}; {outline.Layers.Length} layers, {outline.Parameters:N0} parameters");
                await job.Save();
                return true;
            }

            if (call.Exception?.InnerException is ArgumentException or InvalidDataException)
            {
                await Ending.Fail(job, $"{id} cannot train this: {call.Exception.InnerException.Message}");
                return false;
            }

            failures.Add($"{id} ({call.Failure()})");
            if (call.Exception?.InnerException is InstanceGoneException gone) await job.Lose(id, job.IncarnationOf(id), gone.Message);
        }

        return null;
    }
}
