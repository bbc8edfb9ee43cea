using Parcae.Cli.Demo;
using Parcae.Client;
using Parcae.Grains;
using Parcae.Liveput.Simulation;

namespace Parcae.Cli.Replay.Plans;

/// <summary>Has the job follow a policy's strategies for as long as this command lives: what is not renewed the job leaves by itself.</summary>
/// <param name="policy">The policy, with a strategy for each interval of the replay.</param>
/// <param name="setting">The replay.</param>
/// <param name="client">The service.</param>
/// <param name="progress">Told of trouble.</param>
internal sealed class PlanKeeper(PlannedPolicy policy, ReplaySetting setting, IParcaeClient client, DemoProgress progress)
{
    private static readonly TimeSpan Lease = TimeSpan.FromSeconds(30);
    private static readonly TimeSpan Every = Lease / 4;

    /// <summary>Has the job follow, or go on following.</summary>
    /// <param name="elapsed">Time since the replay began.</param>
    /// <param name="cancellation">Ends the attempts.</param>
    public Task FollowAsync(TimeSpan elapsed, CancellationToken cancellation) => client.FollowAsync(
        setting.Job.JobId,
        new FollowedPlan
        {
            Id = setting.Id,
            Name = $"{policy.Policy}, from {setting.Options.Plan}, by replay {setting.Id}",
            Strategies = [.. policy.Strategies.Select(s => new FollowedStrategy(s.Pipelines, s.Depth))],
            Interval = setting.Source.Interval,
            Elapsed = elapsed,
            Lease = Lease,
        },
        cancellation);

    /// <summary>Renews until cancelled.</summary>
    /// <param name="elapsed">Asked for the time since the replay began.</param>
    /// <param name="cancellation">Ends it.</param>
    public async Task KeepAsync(Func<TimeSpan> elapsed, CancellationToken cancellation)
    {
        while (true)
        {
            await Task.Delay(Every, cancellation).ConfigureAwait(false);
            try
            {
                await FollowAsync(elapsed(), cancellation).ConfigureAwait(false);
            }
            catch (ParcaeUnavailableException e)
            {
                progress.Event(DemoEventKind.Trouble, $"the plan could not be renewed, so that the job may plan by itself meanwhile: {e.Message}");
            }
        }
    }

    /// <summary>Has the job plan by itself again.</summary>
    public async Task EndAsync()
    {
        try
        {
            await client.FollowAsync(setting.Job.JobId, null).ConfigureAwait(false);
        }
        catch (ParcaeUnavailableException e)
        {
            progress.Event(DemoEventKind.Trouble, $"the job follows the plan for another {Lease.TotalSeconds:0} s, as it could not be told: {e.Message}");
        }
    }
}
