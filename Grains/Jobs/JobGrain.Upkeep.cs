using Microsoft.Extensions.Logging;
using Orleans.Storage;
using Orleans.Streams;
using Parcae.Grains.Jobs.Planning;
using Parcae.Grains.Jobs.Reconfiguring;
using Parcae.Grains.Telemetry;

namespace Parcae.Grains.Jobs;

/// <summary>What a job does by the clock and by the availability stream.</summary>
internal sealed partial class JobGrain
{
    private static readonly TimeSpan TouchPeriod = TimeSpan.FromSeconds(2);
    private Task _touching = Task.CompletedTask;
    private DateTimeOffset _touchedAt;

    /// <summary>Starts the upkeep of a job that has not ended.</summary>
    private void Begin()
    {
        _savedAt = _countedAt = _touchedAt = _job.Now;
        var period = _job.Options.PollPeriod;
        this.RegisterGrainTimer(Upkeep, new GrainTimerCreationOptions(TimeSpan.Zero, period) { KeepAlive = true, Interleave = true });
        _reconciler.MarkDirty();
    }

    private async Task Upkeep(CancellationToken cancellation)
    {
        if (State.Ended)
        {
            // Nothing is left to do: readers may bring the activation back, the clock and the stream do not.
            await StopReminder();
            await Unsubscribe();
            DeactivateOnIdle();
            return;
        }

        // What needs nobody else comes first: a fleet that does not answer keeps no result from being saved.
        CountCost();
        if (_job.TakeVaultBack()) _reconciler.MarkDirty();
        if (_job.Following.Turns()) _reconciler.MarkDirty();
        _vault.Look();
        TouchIfDue();
        await SaveIfDue();
        await Subscribe();
        await CatchUp();
        await CountIntervals();
    }

    private void TouchIfDue()
    {
        if (!_touching.IsCompleted || _job.Now - _touchedAt < TouchPeriod) return;
        _touchedAt = _job.Now;
        _touching = Touch();
    }

    /// <summary>
    /// Keeps the grains through which the next change goes active, and their places known here. A grain that has to be looked for just after a loss may have to be looked for at the silo that was lost, in vain until
    /// the membership knows of it; and who had its place in the directory there is ended when it does.
    /// </summary>
    private async Task Touch()
    {
        int depth = Math.Min(State.Outline?.Layers.Length ?? 0, _job.Held.Count(r => r.Info.Role == InstanceRole.Worker));
        try
        {
            await Task.WhenAll([.. Enumerable.Range(0, depth).Select(s => (Task)_job.Stage(s).Record()), .. _job.Held.Select(r => _job.Instance(r.Info.Id).Get())]);
        }
        catch (Exception e)
        {
            LogNotTouched(e, _job.Id);
        }
    }

    private async Task SaveIfDue()
    {
        if (_job.Now - _savedAt < _job.Options.SavePeriod) return;
        _savedAt = _job.Now;
        try
        {
            await _store.Save();
        }
        catch (InconsistentStateException e)
        {
            LogOvertaken(e, _job.Id);
            DeactivateOnIdle();
        }
    }

    /// <summary>Subscribes to the fleet's stream, once. Without it the log's reader hears everything, only later.</summary>
    private async Task Subscribe()
    {
        if (_subscribed) return;
        try
        {
            var handles = await Stream.GetAllSubscriptionHandles();
            if (handles.Count == 0) await Stream.SubscribeAsync((e, _) => OnAvailability(e));
            foreach (var handle in handles) await handle.ResumeAsync((e, _) => OnAvailability(e));
            _subscribed = true;
        }
        catch (Exception e)
        {
            LogNotSubscribed(e, _job.Id);
        }
    }

    private async Task Unsubscribe()
    {
        try
        {
            foreach (var handle in await Stream.GetAllSubscriptionHandles()) await handle.UnsubscribeAsync();
        }
        catch (Exception e)
        {
            LogNotUnsubscribed(e, _job.Id);
        }
    }

    private IAsyncStream<AvailabilityEvent> Stream => this.GetStreamProvider(ParcaeNames.StreamProvider)
        .GetStream<AvailabilityEvent>(StreamId.Create(ParcaeNames.AvailabilityNamespace, _job.Spec.Fleet));

    /// <summary>An event as the stream brings it: perhaps again, perhaps out of order, perhaps after others that were lost.</summary>
    internal async Task OnAvailability(AvailabilityEvent e)
    {
        if (State.Spec is null || State.Ended) return;
        if (e.Sequence > State.FleetSequence + 1) await CatchUp();
        Take(e);
    }

    /// <summary>Reads what the stream has not brought from the fleet's log.</summary>
    private async Task CatchUp()
    {
        if (_catchingUp) return;
        _catchingUp = true;
        try
        {
            AvailabilityEvent[] missed;
            do
            {
                missed = await _job.Fleet.ReadLog(State.FleetSequence, LogPage);
                foreach (var e in missed) Take(e);
            }
            while (missed.Length == LogPage);
        }
        finally
        {
            _catchingUp = false;
        }
    }

    private void Take(AvailabilityEvent e)
    {
        if (e.Sequence <= State.FleetSequence) return;
        State.FleetSequence = e.Sequence;
        if (e.Kind == AvailabilityKind.Shared && e.JobId != _job.Id) return;
        _job.Causes.Add(Causes.From(e));
        if (e.Kind == AvailabilityKind.Lost) _job.NoteGone(e.InstanceId, e.Incarnation);
        _reconciler.MarkDirty();
    }

    /// <summary>Closes the intervals that have passed, and has each of them planned for.</summary>
    private async Task CountIntervals()
    {
        int passed = (int)((_job.Now - State.SubmittedAt) / _fleetOptions.Interval);
        if (passed <= Counted) return;
        var fleet = await _job.Fleet.Snapshot();
        var (expected, band) = (State.ForecastNext, State.BandNext);
        Expect(fleet);
        // A moment between two plans is no pause: the next interval's record would be the first to take it back.
        var strategy = State.Phase == JobPhase.Paused ? default : _job.Strategy;
        int interval = Counted;

        // Usually one; after a gap in which nobody was there to count, the intervals missed are recorded as what is seen now.
        for (; interval < passed; interval++)
        {
            double seconds = (_fleetOptions.Interval * (interval + 1)).TotalSeconds;
            _store.Intervals.Add(new IntervalRecord(
                interval, fleet.Intervals[^1].Available, expected, State.ForecastNext, strategy.Pipelines, strategy.Depth, seconds, band?.Low, band?.High, State.CostUsd, State.InstanceHours));
            (expected, band) = (State.ForecastNext, State.BandNext);
        }

        // Not with every step: the accounts go over all of them.
        var accounts = _job.Book.Accounts();
        var tag = new KeyValuePair<string, object?>("job", _job.Id);
        ParcaeTelemetry.SamplesLost.Record(accounts.SamplesLost, tag);
        ParcaeTelemetry.SamplesRepeated.Record(accounts.SamplesRepeated, tag);
        _reconciler.MarkDirty();
    }

    /// <summary>Forecasts the coming intervals.</summary>
    private void Expect(FleetSnapshot fleet)
    {
        _ahead = ForecastBands.Of(_job.Forecaster.Forecast(fleet));
        (State.ForecastNext, State.BandNext) = (_ahead[0].Mean, _ahead[0]);
    }

    /// <summary>Intervals that are on record.</summary>
    private int Counted => _store.LastInterval is { } last ? last.Interval + 1 : 0;

    private void CountCost()
    {
        var elapsed = _job.Now - _countedAt;
        _countedAt = _job.Now;
        var workers = _job.Held.Where(r => r.Info.Role == InstanceRole.Worker).ToArray();
        double usd = workers.Sum(r => r.Info.PricePerHour) * elapsed.TotalHours;
        State.CostUsd += usd;
        State.InstanceHours += workers.Length * elapsed.TotalHours;
        ParcaeTelemetry.Cost.Add(usd, new KeyValuePair<string, object?>("job", _job.Id));
    }

    [LoggerMessage(LogLevel.Warning, "Job {JobId} has been taken over by another activation; this one ends")]
    private partial void LogOvertaken(Exception exception, string jobId);

    [LoggerMessage(LogLevel.Warning, "Job {JobId} has ended but is still subscribed to the availability stream; its events are dropped")]
    private partial void LogNotUnsubscribed(Exception exception, string jobId);

    [LoggerMessage(LogLevel.Debug, "Job {JobId} cannot reach all grains of its stages and instances just now")]
    private partial void LogNotTouched(Exception exception, string jobId);

    [LoggerMessage(LogLevel.Warning, "Job {JobId} could not subscribe to the availability stream; it reads the log until it can")]
    private partial void LogNotSubscribed(Exception exception, string jobId);
}
