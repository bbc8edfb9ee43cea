using Parcae.Grains.Telemetry;

namespace Parcae.Grains.Jobs.Reconfiguring;

/// <summary>Takes step results into a job's ledger, its storage and the metrics.</summary>
internal static class StepIntake
{
    /// <summary>Enters a result of the current line of steps. Returns whether it was news.</summary>
    public static bool Take(Job job, StepResult result)
    {
        if (result.Step < 0) return false;
        bool first = job.Book[result.Step] is null;
        int mismatches = job.State.Ledger.Mismatches;
        if (!job.Book.Commit(result)) return false;
        job.Store.Touch(result.Step);
        if (job.State.Ledger.Mismatches > mismatches) job.Tell($"step {result.Step} came out differently when it was run again");
        if (!first) return true;
        if (result.Skipped) job.Tell($"step {result.Step} changed nothing: its gradient is not finite (norm {result.GradientNorm}, loss {result.Loss})");
        var tag = new KeyValuePair<string, object?>("job", job.Id);
        ParcaeTelemetry.Samples.Add(result.Samples, tag);
        ParcaeTelemetry.StepDuration.Record(result.Seconds, tag);
        if (result.Skipped) ParcaeTelemetry.SkippedSteps.Add(1, tag);
        return true;
    }
}
