using Parcae.Grains;

namespace Parcae.Cli.Replay.Results;

/// <summary>A part of a job's life as a history of its own: what a report about the whole job shows, about that part.</summary>
internal static class ReplaySpan
{
    /// <summary>What happened between two looks at a job.</summary>
    /// <param name="before">The job when the part began.</param>
    /// <param name="after">The job when it ended, with the steps from the beginning of the part on.</param>
    /// <param name="first">The first step of the part.</param>
    /// <returns>Generations from the one in force at the beginning on, the first of them as of the beginning; intervals with their seconds counted from the beginning; accounts of the part alone.</returns>
    public static JobHistory Between(JobHistory before, JobHistory after, int first)
    {
        double begin = (before.At - before.SubmittedAt).TotalSeconds;
        return after with
        {
            SubmittedAt = before.At,
            Generations = [.. InForce(before, first), .. after.Generations.Skip(before.Generations.Length)],
            Steps = [.. after.Steps.Where(s => s.Step >= first)],
            Intervals = [.. after.Intervals.Skip(before.Intervals.Length).Select(i => i with { Seconds = i.Seconds - begin })],
            Ledger = new JobLedger
            {
                SamplesCommitted = after.Ledger.SamplesCommitted - before.Ledger.SamplesCommitted,
                SamplesLost = after.Ledger.SamplesLost - before.Ledger.SamplesLost,
                SamplesRepeated = after.Ledger.SamplesRepeated - before.Ledger.SamplesRepeated,
                StepsReplayed = after.Ledger.StepsReplayed - before.Ledger.StepsReplayed,
                ReplayMismatches = after.Ledger.ReplayMismatches - before.Ledger.ReplayMismatches,
                StepsSkipped = after.Ledger.StepsSkipped - before.Ledger.StepsSkipped,
            },
        };
    }

    /// <summary>The first step of the part that begins with this look at a job, whose steps it has from <paramref name="committed"/> on.</summary>
    public static int FirstStep(JobHistory before, int committed) => before.Steps.Length > 0 ? before.Steps[^1].Step + 1 : committed;

    private static IEnumerable<GenerationRecord> InForce(JobHistory before, int step) => before.Generations.TakeLast(1).Select(g => g with
    {
        Cause = "in force when the replay began",
        Kind = MigrationKind.Start,
        AtStep = step,
        PauseMilliseconds = 0,
        PrepareMilliseconds = 0,
        BytesMoved = 0,
        StepsReplayed = 0,
        At = before.At,
    });
}
