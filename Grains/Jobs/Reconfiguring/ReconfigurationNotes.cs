using Parcae.Grains.Jobs.Planning;
using Parcae.Liveput.Planning;

namespace Parcae.Grains.Jobs.Reconfiguring;

/// <summary>Notes of an attempt at a generation, for the people who ask later how it came about.</summary>
internal sealed class ReconfigurationNotes
{
    /// <summary>The best candidates that are kept; the rest are many and say little.</summary>
    private const int CandidatesKept = 8;

    private readonly TimeProvider _time;
    private readonly long _begin;
    private readonly DateTimeOffset _decidedAt;
    private readonly List<ReconfigurationPhase> _phases = [];
    private readonly List<StateTransfer> _transfers = [];

    /// <summary>Begins with what was decided just now.</summary>
    public ReconfigurationNotes(Job job, PlanningResult planned)
    {
        (_time, _begin, _decidedAt) = (job.Time, job.Time.GetTimestamp(), job.Now);
        var (forecast, plan) = (planned.ForecastTook.TotalMilliseconds, planned.PlanTook.TotalMilliseconds);
        _phases.Add(new ReconfigurationPhase("forecast", -plan - forecast, forecast));
        _phases.Add(new ReconfigurationPhase("plan", -plan, plan));
    }

    /// <summary>Times a part, until it is disposed.</summary>
    public IDisposable Phase(string name) => new Span(this, name);

    /// <summary>Notes what an instance got.</summary>
    /// <param name="to">The instance.</param>
    /// <param name="from">Who gave what; null: it did not say.</param>
    /// <param name="bytes">All that it got.</param>
    /// <param name="milliseconds">How long it took.</param>
    /// <param name="ahead">Whether training went on meanwhile.</param>
    public void Moved(string to, PeerBytes[]? from, long bytes, double milliseconds, bool ahead)
    {
        if (bytes == 0) return;
        _transfers.AddRange((from ?? [new PeerBytes("", bytes)]).Select(f => new StateTransfer(f.InstanceId is "" ? null : f.InstanceId, to, f.Bytes, milliseconds, ahead)));
    }

    /// <summary>The record.</summary>
    /// <param name="plan">The generation.</param>
    /// <param name="decision">What was decided in the end.</param>
    /// <param name="followed">Where the decision was taken from when it was made elsewhere.</param>
    /// <param name="available">Instances that could be used.</param>
    /// <param name="forecast">What was expected.</param>
    public ReconfigurationRecord Record(GenerationPlan plan, PlanDecision decision, string? followed, int available, ForecastBand[] forecast)
    {
        var chosen = decision.Candidates.FirstOrDefault(c => c.Strategy == decision.Strategy);
        var candidates = decision.Candidates.Take(CandidatesKept);
        if (chosen is not null && !candidates.Contains(chosen)) candidates = candidates.Append(chosen);
        return new ReconfigurationRecord
        {
            Generation = plan.Generation,
            DecidedAt = _decidedAt,
            Reason = decision.Reason,
            Followed = followed,
            Available = available,
            Forecast = forecast,
            Candidates = [.. candidates.Select(c => new StrategyCandidate(c.Strategy.Pipelines, c.Strategy.Depth, c.Throughput, c.Liveput, c.MigrationSeconds, c.ExpectedSamples))],
            Phases = [.. _phases.OrderBy(p => p.Begin)],
            Transfers = [.. _transfers],
            Places = [.. Enumerable.Range(0, plan.Pipelines).Select(d => Enumerable.Range(0, plan.Depth).Select(p => plan.At(d, p).Peer.InstanceId).ToArray())],
            Vault = [.. plan.Vault.Select(s => s.Peer.InstanceId)],
        };
    }

    private sealed class Span(ReconfigurationNotes notes, string name) : IDisposable
    {
        private readonly long _at = notes._time.GetTimestamp();

        public void Dispose() => notes._phases.Add(
            new ReconfigurationPhase(name, notes._time.GetElapsedTime(notes._begin, _at).TotalMilliseconds, notes._time.GetElapsedTime(_at).TotalMilliseconds));
    }
}
