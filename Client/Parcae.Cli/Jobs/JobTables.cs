using Parcae.Client;
using Parcae.Grains;

using Spectre.Console;

namespace Parcae.Cli.Jobs;

/// <summary>Jobs as tables and lines.</summary>
internal static class JobTables
{
    /// <summary>One line about a job.</summary>
    public static string Line(JobStatus s) =>
        $"{s.JobId}  {Phase(s.Phase)}  step {s.CommittedStep}  loss {Loss(s.Loss)}  {s.SamplesPerSecond:0.0} samples/s  {Strategy(s.Plan)}"
        + (s.Reason is { Length: > 0 } reason ? $"  ({reason})" : "");

    /// <summary>All jobs.</summary>
    public static Table List(IEnumerable<JobStatus> jobs)
    {
        var table = Plain("job", "phase", "step", "loss", "samples/s", "strategy", "reason");
        // A long reason takes lines of its own column, not the width of the others.
        table.Columns[^1].NoWrap = false;
        foreach (var s in jobs)
            Add(table, s.JobId, Phase(s.Phase), $"{s.CommittedStep}", Loss(s.Loss), $"{s.SamplesPerSecond:0.0}", Strategy(s.Plan), s.Reason ?? "");
        return table;
    }

    /// <summary>One job.</summary>
    public static Table Status(JobStatus s, JobMetrics m)
    {
        var table = Plain("job", s.JobId);
        if (s.Model is { } model) Add(table, "model", $"{model}; {Words.Count(s.Parameters ?? 0)} parameters");
        Add(table, "phase", Phase(s.Phase) + (s.Reason is { Length: > 0 } reason ? $": {reason}" : ""));
        Add(table, "strategy", Strategy(s.Plan));
        Add(table, "generation", s.Plan is { } plan ? $"{plan.Generation}" : "-");
        foreach (var pipeline in (s.Plan?.Places ?? []).GroupBy(p => p.Pipeline).OrderBy(g => g.Key))
            Add(table, $"pipeline {pipeline.Key + 1}", string.Join("  ", pipeline.OrderBy(p => p.Stage).Select(p => p.Peer.InstanceId)));
        Add(table, "spares", s.Spares.Length > 0 ? string.Join("  ", s.Spares) : "-");
        Add(table, "share", s.ShareReason.Length > 0 ? $"{s.Share} instances: {s.ShareReason}" : $"{s.Share} instances");
        Add(table, "state vault", Vault(s.Vault));
        Add(table, "step", $"{s.CommittedStep}");
        Add(table, "loss", Loss(s.Loss));
        if (s.ValidationLoss is { } validation) Add(table, "validation loss", Loss(validation));
        if (s.SkippedSteps > 0) Add(table, "steps skipped", $"{s.SkippedSteps} (their gradient was not finite)");
        Add(table, "samples/s", $"{s.SamplesPerSecond:0.0} now, {m.MeanSamplesPerSecond:0.0} since it was submitted" + (m.Liveput is { } liveput ? $"; {liveput:0.0} expected of this plan" : ""));
        Add(table, "cost", $"{m.CostUsd:0.00} USD so far" + (m.UsdPerHour is { } usd ? $", {usd:0.00} USD/h now" : "") + (m.UsdPerMillionSamples is { } each ? $", {each:0.00} USD for a million samples" : ""));
        Add(table, "samples", $"{s.Ledger.SamplesCommitted} committed, {s.Ledger.SamplesLost} lost, {s.Ledger.SamplesRepeated} repeated");
        return table;
    }

    /// <summary>Every generation.</summary>
    public static Table Reconfigurations(IEnumerable<GenerationRecord> generations)
    {
        var table = Plain("#", "cause", "kind", "strategy", "at step", "pause ms", "bytes moved", "source");
        foreach (var g in generations)
            Add(table, $"{g.Number}", g.Cause, Words.Kind(g.Kind), $"{g.Pipelines} x {g.Depth}", $"{g.AtStep}", $"{g.PauseMilliseconds:0}", Words.Bytes(g.BytesMoved), g.Source);
        return table;
    }

    /// <summary>Where the replicas of the current generation spend their time.</summary>
    public static Table Timings(IEnumerable<InstanceTiming> timings)
    {
        var table = Plain("stage", "instance", "steps", "busy", "waits for pipeline", "for gradients", "at the barrier");
        foreach (var (id, t) in timings.Select(t => (t.InstanceId, t.Timing)))
        {
            double all = t.BusySeconds + t.PipelineWaitSeconds + t.ReduceWaitSeconds + t.BarrierWaitSeconds;
            string Share(double seconds) => all > 0 ? $"{seconds:0.00} s ({seconds / all:0%})" : "-";
            Add(table, $"{t.Stage}", id, $"{t.Steps}", Share(t.BusySeconds), Share(t.PipelineWaitSeconds), Share(t.ReduceWaitSeconds), Share(t.BarrierWaitSeconds));
        }

        return table;
    }

    private static Table Plain(params string[] columns)
    {
        var table = new Table().Border(TableBorder.Simple);
        foreach (string column in columns) table.AddColumn(new TableColumn(Markup.Escape(column)).NoWrap());
        return table;
    }

    // Names and reasons come from outside: never as markup.
    private static void Add(Table table, params string[] cells) => table.AddRow(cells.Select(c => new Text(c)));

    private static string Vault(VaultStatus? vault) => vault is null
        ? "none follows"
        : $"{string.Join(", ", vault.Instances)}: {Words.Behind(vault.Lag)}"
            + (vault.Checkpoint is { } step ? $", checkpoint of step {step}" : "") + (vault.CheckpointFailure is { } failure ? $" ({failure})" : "");

    private static string Phase(JobPhase phase) => $"{phase}".ToLowerInvariant();

    private static string Loss(double? loss) => loss is { } value ? $"{value:0.0000}" : "-";

    private static string Strategy(GenerationPlan? plan) => plan is null ? "-" : $"{plan.Pipelines} x {plan.Depth}";
}
