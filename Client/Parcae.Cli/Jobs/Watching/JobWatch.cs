using Parcae.Client;
using Parcae.Grains;

namespace Parcae.Cli.Jobs.Watching;

/// <summary>Follows a job and keeps what a picture needs. Safe for a picture to be taken while it runs.</summary>
internal sealed class JobWatch(IParcaeClient client, string jobId, TimeProvider time)
{
    private const int MostSteps = 2000, MostLooks = 300, MostEvents = 200;

    private static readonly TimeSpan FleetEvery = TimeSpan.FromSeconds(2), LookEvery = TimeSpan.FromSeconds(1);

    private readonly Lock _lock = new();
    private readonly List<StepResult> _steps = [];
    private readonly List<double> _throughput = [];
    private readonly List<JobEvent> _events = [];
    private JobView _now = new();
    private AvailabilityBands? _bands;
    private DateTimeOffset _submittedAt;
    private long _fleetLook, _look;
    private string _fleet = ParcaeNames.DefaultFleet;

    /// <summary>The job as it is now.</summary>
    public JobView Snapshot()
    {
        lock (_lock)
            return _now with { Losses = [.. _steps.Select(s => s.Loss)], Throughput = [.. _throughput], Events = [.. _events], Age = time.GetUtcNow() - _submittedAt };
    }

    /// <summary>Follows it until it ends.</summary>
    /// <param name="updated">Told of every change, the picture being up to date.</param>
    /// <param name="interrupted">Told why when the service does not answer.</param>
    /// <param name="cancellation">Ends it.</param>
    /// <returns>Its last status; null: none was seen.</returns>
    public async Task<JobStatus?> RunAsync(Action<JobUpdate> updated, Action<Exception> interrupted, CancellationToken cancellation)
    {
        var status = await client.GetStatusAsync(jobId, cancellation).ConfigureAwait(false);
        int from = Math.Max(0, status.CommittedStep - MostSteps);
        var history = await client.GetHistoryAsync(jobId, int.MaxValue, cancellation).ConfigureAwait(false);
        _bands = new AvailabilityBands(history.Spec.Planning);
        (_fleet, _submittedAt) = (history.Spec.Fleet, history.SubmittedAt);
        lock (_lock) _now = _now with { Name = history.Spec.Name, Steps = history.Spec.Training.Steps };
        var options = new WatchOptions
        {
            Steps = true,
            FromStep = from,
            Interrupted = e =>
            {
                lock (_lock) _now = _now with { Interruption = e.GetType().Name };
                interrupted(e);
            },
        };
        JobStatus? last = null;
        await foreach (var update in client.WatchAsync(jobId, options, cancellation).ConfigureAwait(false))
        {
            last = update.Status;
            Take(update);
            if (_fleetLook == 0 || time.GetElapsedTime(_fleetLook) > FleetEvery) await LookAtFleetAsync(cancellation).ConfigureAwait(false);
            updated(update);
        }

        return last;
    }

    private void Take(JobUpdate update)
    {
        lock (_lock)
        {
            _now = _now with { Status = update.Status, Interruption = null };
            foreach (var step in update.Steps)
            {
                // A step that is run again replaces what it was, and all after it.
                int known = _steps.FindIndex(s => s.Step >= step.Step);
                if (known >= 0) _steps.RemoveRange(known, _steps.Count - known);
                _steps.Add(step);
            }

            if (_steps.Count > MostSteps) _steps.RemoveRange(0, _steps.Count - MostSteps);
            _events.AddRange(update.Events);
            if (_events.Count > MostEvents) _events.RemoveRange(0, _events.Count - MostEvents);
            if (_look != 0 && time.GetElapsedTime(_look) < LookEvery) return;
            _look = time.GetTimestamp();
            _throughput.Add(update.Status.Phase == JobPhase.Training ? update.Status.SamplesPerSecond : 0);
            if (_throughput.Count > MostLooks) _throughput.RemoveAt(0);
        }
    }

    private async Task LookAtFleetAsync(CancellationToken cancellation)
    {
        _fleetLook = time.GetTimestamp();
        FleetSnapshot fleet;
        try
        {
            fleet = await client.GetFleetAsync(_fleet, cancellation).ConfigureAwait(false);
        }
        catch (ParcaeUnavailableException)
        {
            // Of the job itself more will be heard; the fleet stays as it was seen last.
            return;
        }

        var availability = _bands!.Of(fleet.Intervals);
        lock (_lock)
            _now = _now with { Availability = availability, Draining = fleet.Instances.Where(i => i.Phase == InstancePhase.Draining).Select(i => i.Info.Id).ToHashSet() };
    }
}
