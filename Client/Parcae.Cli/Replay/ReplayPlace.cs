using Parcae.Cli.Commands;
using Parcae.Cli.Replay.Acting;
using Parcae.Cli.Replay.Fleet;
using Parcae.Client;
using Parcae.Grains;

namespace Parcae.Cli.Replay;

/// <summary>Looks at the service that a replay is to be acted out on, and refuses what would not work before anything is touched.</summary>
internal sealed class ReplayPlace(ReplayOptions options, ReplaySource source, IParcaeClient client)
{
    /// <summary>The setting.</summary>
    /// <exception cref="CommandFailedException">There is no such job or none or several, no worker, or one that does not allow it; all of them are named.</exception>
    public async Task<ReplaySetting> FindAsync(CancellationToken cancellation)
    {
        var job = await JobAsync(cancellation).ConfigureAwait(false);
        var fleet = await client.GetFleetAsync(options.Fleet, cancellation).ConfigureAwait(false);
        InstanceRecord[] workers = [.. fleet.Instances.Where(i => i.Info.Role == InstanceRole.Worker)];
        if (workers.Length == 0) throw new CommandFailedException($"Fleet '{options.Fleet}' has no worker; start some with --allow-replay true.");
        string[] leaving = [.. workers.Where(w => w.Phase == InstancePhase.Draining).Select(w => w.Info.Id)];
        if (leaving.Length > 0) throw new CommandFailedException($"{string.Join(", ", leaving)} {(leaving.Length == 1 ? "has" : "have")} a notice already; a replay needs a fleet that stays by itself.");

        string id = $"r{Guid.NewGuid().ToString("n")[..8]}";
        await AllowedAsync(id, workers, cancellation).ConfigureAwait(false);
        var fit = FleetFit.Of(source.Trace, workers.Length, options.Fit);
        var grace = options.Grace ?? source.Interval;
        var replay = TraceReplay.Create(
            fit.Counts, options.Unannounced, options.Seed, grace / source.Interval, [.. workers.Select(w => w.Info.Id).Order(StringComparer.Ordinal)]);
        return new ReplaySetting(id, options, source, workers, fleet.IntervalLength, fit.Text, replay, job);
    }

    private async Task<JobStatus> JobAsync(CancellationToken cancellation)
    {
        if (options.Job is { } named)
        {
            var status = await client.GetStatusAsync(named, cancellation).ConfigureAwait(false);
            return IsOver(status) ? throw new CommandFailedException($"--job: {named} is {$"{status.Phase}".ToLowerInvariant()}; a replay needs a job that goes on.") : status;
        }

        var going = new List<JobStatus>();
        foreach (string id in await client.ListJobsAsync(options.Fleet, cancellation).ConfigureAwait(false))
        {
            var status = await client.GetStatusAsync(id, cancellation).ConfigureAwait(false);
            if (!IsOver(status)) going.Add(status);
        }

        return going switch
        {
            [var only] => only,
            [] => throw new CommandFailedException($"Fleet '{options.Fleet}' has no job that goes on; submit one first, which the replay is to disturb."),
            _ => throw new CommandFailedException($"Fleet '{options.Fleet}' has {going.Count} jobs that go on ({string.Join(", ", going.Select(j => j.JobId))}); name the one that the report is about by --job."),
        };
    }

    /// <summary>Asks every worker whether it would vanish.</summary>
    private async Task AllowedAsync(string id, InstanceRecord[] workers, CancellationToken cancellation)
    {
        string?[] answers = await Task.WhenAll(workers.Select(async w =>
        {
            try
            {
                await client.VanishAsync(w.Info.Id, new VanishOrder($"{id}.0", TimeSpan.Zero), cancellation).ConfigureAwait(false);
                return null;
            }
            catch (Exception e) when (e is InvalidOperationException or InstanceGoneException)
            {
                return e.Message;
            }
        })).ConfigureAwait(false);
        string[] refusals = [.. answers.OfType<string>()];
        if (refusals.Length == 0) return;
        throw new CommandFailedException($"{refusals.Length} of {workers.Length} workers cannot be replayed on:{Environment.NewLine}{string.Join(Environment.NewLine, refusals)}");
    }

    private static bool IsOver(JobStatus job) => job.Phase is JobPhase.Completed or JobPhase.Cancelled or JobPhase.Failed;
}
