using Parcae.Cli.Demo;
using Parcae.Cli.Demo.Results;
using Parcae.Cli.Report;
using Parcae.Client;
using Parcae.Grains;

namespace Parcae.Cli.Jobs.Reporting;

/// <summary>What a running service knows of a job, as the demo's report shows it.</summary>
/// <param name="Status">The job.</param>
/// <param name="History">All of it.</param>
/// <param name="Events">What it said.</param>
/// <param name="Cloud">What happened to worker instances of its fleet while it was there, as far as the fleet's log goes back.</param>
/// <param name="LogBegins">When the log begins, where that is after the job; else null.</param>
/// <param name="Result">The figures.</param>
internal sealed record JobReport(JobStatus Status, JobHistory History, JobEvent[] Events, AvailabilityEvent[] Cloud, DateTimeOffset? LogBegins, DemoResult Result)
{
    /// <summary>Asks the service.</summary>
    /// <param name="client">The service.</param>
    /// <param name="jobId">The job.</param>
    /// <param name="path">Where the report will be.</param>
    /// <param name="cancellation">Ends it.</param>
    public static async Task<JobReport> ReadAsync(IParcaeClient client, string jobId, string path, CancellationToken cancellation)
    {
        var status = await client.GetStatusAsync(jobId, cancellation).ConfigureAwait(false);
        var history = await client.GetHistoryAsync(jobId, 0, cancellation).ConfigureAwait(false);
        var events = await client.GetEventsAsync(jobId, 0, cancellation).ConfigureAwait(false);
        var log = await client.GetFleetEventsAsync(history.Spec.Fleet, 0, cancellation: cancellation).ConfigureAwait(false);
        var end = End(status, history, events);
        AvailabilityEvent[] cloud = [.. log.Where(e => e.Role == InstanceRole.Worker && e.Kind != AvailabilityKind.Shared && e.At >= history.SubmittedAt && e.At <= end)];
        DateTimeOffset? begins = log is [{ Sequence: > 1 } first, ..] && first.At > history.SubmittedAt ? first.At : null;
        int[] counts = [.. history.Intervals.Select(i => i.Available)];
        var lost = cloud.Where(e => e.Kind == AvailabilityKind.Lost).ToArray();
        var result = DemoResult.Of(
            jobId, history, counts.Length > 0 ? counts : [status.Plan?.Places.Length ?? 0], new PreemptionCounts(lost.Count(e => e.Announced), lost.Count(e => !e.Announced)), (end - history.SubmittedAt).TotalSeconds, path);
        return new JobReport(status, history, events, cloud, begins, result);
    }

    /// <summary>What the report shows.</summary>
    public ReportData ToData()
    {
        var (spec, r) = (History.Spec, Result);
        return new ReportData
        {
            Title = "Parcae job",
            Result = r,
            History = History,
            SubmittedAt = History.SubmittedAt,
            Throughput = ThroughputSeries.Of(History),
            Events = [.. Events.Select(e => new DemoEvent(Since(e.At), DemoEventKind.Job, e.Message)).Concat(Cloud.Select(e => new DemoEvent(Since(e.At), DemoEventKind.Cloud, Words(e)))).OrderBy(e => e.At)],
            Verification = null,
            PlanningNote = $"The job planned live: forecast {spec.Planning.Forecast}, {spec.Planning.LookAhead} intervals ahead. Preemptions are those of workers of fleet {spec.Fleet} while the job was there"
                + (LogBegins is { } begins ? $", as far back as the fleet's log goes ({begins:yyyy-MM-dd HH:mm:ss zzz})." : "."),
            Made =
            [
                ("command", $"parcae jobs report {r.JobId}"),
                ("job", $"{r.JobId} ({spec.Name}), {$"{Status.Phase}".ToLowerInvariant()}{(Status.Reason is { Length: > 0 } why ? $": {why}" : "")}"),
                ("model", $"{r.Model}; {Cli.Words.Count(r.Parameters)} parameters"),
                .. r.StepsSkipped > 0 ? [("steps skipped", $"{r.StepsSkipped}: their gradient was not finite, they changed nothing")] : Array.Empty<(string, string)>(),
                .. r.ValidationLoss is { } validation ? [("validation loss", $"{validation:0.0000}")] : Array.Empty<(string, string)>(),
                ("data", spec.Data.Paths.Length > 0 ? string.Join(", ", spec.Data.Paths) : spec.Data.Kind == "synthetic" ? "synthetic" : "API documentation of the .NET SDK"),
                ("batch", $"{spec.Training.GlobalBatch} samples in {spec.Training.MicroBatches} micro-batches"),
                ("fleet", $"{spec.Fleet}: {r.Instances.Min} to {r.Instances.Max} usable workers"),
                ("cost", $"{Status.CostUsd:0.00} USD"),
                ("seed", $"{spec.Training.Seed}"),
                ("when", $"{History.SubmittedAt.ToLocalTime():yyyy-MM-dd HH:mm:ss zzz}"),
            ],
        };
    }

    /// <summary>When the job ended: its last word; of one that has not, the moment of the look.</summary>
    private static DateTimeOffset End(JobStatus status, JobHistory history, JobEvent[] events) =>
        status.Phase is JobPhase.Completed or JobPhase.Cancelled or JobPhase.Failed && events.Length > 0 ? events[^1].At : history.At;

    private static string Words(AvailabilityEvent e) => e.Kind switch
    {
        AvailabilityKind.Joined => $"{e.InstanceId} joined",
        AvailabilityKind.Noticed => $"{e.InstanceId} has a notice{(e.Deadline is { } at ? $": {(at - e.At).TotalSeconds:0.#} s left" : "")}",
        _ => $"{e.InstanceId} is gone {(e.Announced ? "after its notice" : "without notice")}",
    } + (e.Reason.Length > 0 ? $" ({e.Reason})" : "");

    private TimeSpan Since(DateTimeOffset at) => at > History.SubmittedAt ? at - History.SubmittedAt : TimeSpan.Zero;
}
