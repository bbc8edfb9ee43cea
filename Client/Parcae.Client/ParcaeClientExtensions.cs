using Parcae.Grains;

namespace Parcae.Client;

/// <summary>What several calls of an <see cref="IParcaeClient"/> make together.</summary>
public static class ParcaeClientExtensions
{
    /// <summary>Jobs whose status is asked for at the same time.</summary>
    private const int AtOnce = 16;

    /// <summary>Submits the job of a document.</summary>
    /// <param name="client">The service.</param>
    /// <param name="document">The document, see <see cref="JobSpecDocument"/>.</param>
    /// <param name="format">Its format; null: as it looks.</param>
    /// <param name="jobId">The job's id; null: a fresh one is made.</param>
    /// <param name="cancellation">Stops waiting for the answer.</param>
    /// <returns>The job's id.</returns>
    /// <exception cref="JobSpecException">The document has problems; all are named, with the path and the line of the field.</exception>
    /// <example>
    /// <code>
    /// string job = await parcae.SubmitDocumentAsync(await File.ReadAllTextAsync("job.yaml"));
    /// </code>
    /// </example>
    public static Task<string> SubmitDocumentAsync(this IParcaeClient client, string document, JobSpecFormat? format = null, string? jobId = null, CancellationToken cancellation = default)
    {
        ArgumentNullException.ThrowIfNull(client);
        var reading = JobSpecDocument.Read(document, format);
        return client.SubmitAsync(reading.Spec ?? throw new JobSpecException([.. reading.Problems.Select(p => $"{p}")]), jobId, cancellation);
    }

    /// <summary>All jobs of a fleet as they are now, oldest first. One whose state this service cannot read hides no other: it is <see cref="JobPhase.Unknown"/>, with the reason.</summary>
    /// <example>
    /// <code>
    /// foreach (JobStatus job in await parcae.GetJobsAsync()) Console.WriteLine($"{job.JobId} {job.Phase} {job.CommittedStep}");
    /// </code>
    /// </example>
    public static async Task<IReadOnlyList<JobStatus>> GetJobsAsync(this IParcaeClient client, string fleet = ParcaeNames.DefaultFleet, CancellationToken cancellation = default)
    {
        ArgumentNullException.ThrowIfNull(client);
        var jobs = new List<JobStatus>();
        foreach (string[] ids in (await client.ListJobsAsync(fleet, cancellation).ConfigureAwait(false)).Chunk(AtOnce))
            jobs.AddRange((await Task.WhenAll(ids.Select(ExistingAsync)).ConfigureAwait(false)).OfType<JobStatus>());
        return jobs;

        async Task<JobStatus?> ExistingAsync(string id)
        {
            try
            {
                return await client.GetStatusAsync(id, cancellation).ConfigureAwait(false);
            }
            catch (KeyNotFoundException)
            {
                // It was listed, and whoever submitted it was lost before it was there.
                return null;
            }
            catch (StateTooNewException e)
            {
                return new JobStatus { JobId = id, Phase = JobPhase.Unknown, Reason = e.Message };
            }
        }
    }

    /// <summary>A job in figures.</summary>
    /// <example>
    /// <code>
    /// JobMetrics now = await parcae.GetMetricsAsync(job);
    /// Console.WriteLine($"{now.SamplesPerSecond:0.0} samples/s of {now.Liveput:0.0} expected, {now.CostUsd:0.00} USD");
    /// </code>
    /// </example>
    public static async Task<JobMetrics> GetMetricsAsync(this IParcaeClient client, string jobId, CancellationToken cancellation = default)
    {
        ArgumentNullException.ThrowIfNull(client);
        var status = await client.GetStatusAsync(jobId, cancellation).ConfigureAwait(false);
        // No step is wanted: they are many, and the accounts have their sum.
        var history = await client.GetHistoryAsync(jobId, int.MaxValue, cancellation).ConfigureAwait(false);
        return JobMetrics.Of(status, history, await client.GetFleetAsync(history.Spec.Fleet, cancellation).ConfigureAwait(false));
    }
}
