using Parcae.Grains.Fleet.Sharing;
using Parcae.Grains.Hosting;

namespace Parcae.Grains.Fleet;

/// <summary>
/// The rules of a fleet: what joins, notices, losses and claims do to its instances, its log and its history. Changes the state in memory only, and notes what has to be written in <see cref="TakeEntry"/>.
/// </summary>
internal sealed class FleetBook(FleetState state, FleetOptions options)
{
    private readonly List<AvailabilityEvent> _log = [];
    private Pending _pending = new();

    private sealed class Pending
    {
        public List<AvailabilityEvent> Events { get; } = [];

        public Dictionary<string, InstanceRecord> Instances { get; } = new(StringComparer.Ordinal);

        public List<InstanceRecord> Gone { get; } = [];

        public List<AvailabilityInterval> Intervals { get; } = [];

        public Dictionary<string, JobClaim?> Claims { get; } = new(StringComparer.Ordinal);

        public bool Shares { get; set; }

        public bool IsEmpty => Events.Count == 0 && Instances.Count == 0 && Gone.Count == 0 && Intervals.Count == 0 && Claims.Count == 0 && !Shares;
    }

    /// <summary>The state with everything that has happened.</summary>
    public FleetState State => state;

    /// <summary>Worker instances that are usable now.</summary>
    public int Available => state.Instances.Values.Count(IsUsable);

    /// <summary>Sequence number of the oldest event that is kept.</summary>
    public long FirstSequence => state.LastSequence - _log.Count + 1;

    /// <summary>The instance, or null when there is none (any more).</summary>
    public InstanceRecord? Find(string instanceId) => state.Instances.GetValueOrDefault(instanceId);

    /// <summary>An instance is ready. Returns whether that is news.</summary>
    public bool Join(InstanceInfo info, DateTimeOffset now, string? trace)
    {
        if (state.Instances.TryGetValue(info.Id, out var known))
        {
            if (known.Info == info) return false;
            // The same id at another place: what it held is gone with the old process.
            Lose(info.Id, "replaced by a new registration", now, trace);
        }

        state.IntervalStart ??= now;
        var record = new InstanceRecord { Info = info, Phase = InstancePhase.Ready, JoinedAt = now, PhaseSince = now };
        Set(record);
        if (IsUsable(record)) state.Joined++;
        Append(AvailabilityKind.Joined, record, now, "joined", trace);
        Share();
        return true;
    }

    /// <summary>An instance will be preempted. Returns whether that is news.</summary>
    /// <exception cref="KeyNotFoundException">There is no such instance.</exception>
    public bool Notice(string instanceId, TimeSpan remaining, string reason, DateTimeOffset now, string? trace)
    {
        if (!state.Instances.TryGetValue(instanceId, out var record)) throw new KeyNotFoundException($"There is no instance '{instanceId}' in the fleet.");
        if (record.Phase == InstancePhase.Draining) return false;
        if (IsUsable(record)) state.Lost++;
        var deadline = now + (remaining < TimeSpan.Zero ? TimeSpan.Zero : remaining);
        Set(record with { Phase = InstancePhase.Draining, Deadline = deadline, PhaseSince = now });
        Append(AvailabilityKind.Noticed, record, now, reason, trace, e => e with { Deadline = deadline });
        Share();
        return true;
    }

    /// <summary>An instance is gone. Returns whether that is news: not when it is known, there never was one, or what is gone is an incarnation that another one has replaced.</summary>
    public bool Lose(string instanceId, string reason, DateTimeOffset now, string? trace, int incarnation = 0)
    {
        if (!state.Instances.TryGetValue(instanceId, out var record) || (incarnation != 0 && record.Info.DataPlane.Incarnation != incarnation)) return false;
        state.Instances.Remove(instanceId);
        _pending.Instances.Remove(instanceId);
        _pending.Gone.Add(record with { Phase = InstancePhase.Gone, PhaseSince = now, GoneAt = now, JobId = null });
        if (IsUsable(record)) state.Lost++;
        bool announced = record.Phase == InstancePhase.Draining;
        Append(AvailabilityKind.Lost, record, now, reason, trace, e => e with { Announced = announced });
        Share();
        return true;
    }

    /// <summary>A job says what it can use, and is lent what is free of its share.</summary>
    public FleetLease Claim(JobClaim claim, DateTimeOffset now)
    {
        if (!state.Claims.TryGetValue(claim.JobId, out var known) || !Shares.Alike(known, claim))
        {
            state.Claims[claim.JobId] = claim;
            _pending.Claims[claim.JobId] = claim;
        }

        Share();
        int share = state.Shares.GetValueOrDefault(claim.JobId);
        var free = state.Instances.Values.Where(r => IsUsable(r) && r.JobId is null).OrderBy(r => r.JoinedAt).ThenBy(r => r.Info.Id, StringComparer.Ordinal);
        foreach (var record in free.Take(Math.Max(0, share - Held(claim.JobId))).ToArray()) Set(record with { Phase = InstancePhase.Assigned, JobId = claim.JobId, PhaseSince = now });
        Wake(claim.JobId, now);

        // A vault keeps the state of any number of jobs, so it is lent without being anybody's.
        var all = state.Instances.Values.Where(r => r.JobId == claim.JobId || r.Info.Role == InstanceRole.Vault);
        return new FleetLease([.. all.OrderBy(r => r.Info.Id, StringComparer.Ordinal)], share, Shares.Reason(state.Claims.Values, state.Shares, claim.JobId, Available, options.Quotas));
    }

    /// <summary>Takes back instances of a job.</summary>
    public void GiveBack(string jobId, IEnumerable<string> instances, DateTimeOffset now)
    {
        foreach (string id in instances)
        {
            if (Find(id) is { } record && record.JobId == jobId) Free(record, now);
        }

        Wake(jobId, now);
    }

    /// <summary>Takes back all that a job holds, and ends its claim.</summary>
    public void Return(string jobId, DateTimeOffset now)
    {
        foreach (var record in state.Instances.Values.Where(r => r.JobId == jobId).ToArray()) Free(record, now);
        if (state.Claims.Remove(jobId)) _pending.Claims[jobId] = null;
        Share();
        Wake(jobId, now);
    }

    /// <summary>Closes the intervals that ended by <paramref name="now"/>. Returns whether there were any.</summary>
    public bool Roll(DateTimeOffset now)
    {
        if (state.IntervalStart is not { } start) return false;
        long ended = (now - start).Ticks / options.Interval.Ticks;
        if (ended <= 0) return false;

        // After a long sleep all but the newest intervals would be dropped again at once.
        for (long i = Math.Max(0, ended - options.HistoryLength); i < ended; i++)
        {
            _pending.Intervals.Add(Current());
            Close(Current());
            (state.Joined, state.Lost) = (0, 0);
        }

        state.IntervalStart = start + options.Interval * ended;
        return true;
    }

    /// <summary>The fleet as it is now.</summary>
    public FleetSnapshot Snapshot() => new()
    {
        LastSequence = state.LastSequence,
        Instances = [.. state.Instances.Values.OrderBy(r => r.Info.Id, StringComparer.Ordinal)],
        Intervals = [.. state.Intervals, Current()],
        IntervalLength = options.Interval,
        Shares = state.Shares.ToDictionary(StringComparer.Ordinal),
    };

    /// <summary>Events after <paramref name="sequence"/>, oldest first, at most <paramref name="max"/>.</summary>
    public AvailabilityEvent[] ReadLog(long sequence, int max)
    {
        int from = (int)Math.Clamp(sequence + 1 - FirstSequence, 0, _log.Count);
        return [.. _log.GetRange(from, Math.Clamp(max, 0, _log.Count - from))];
    }

    /// <summary>Whether there is anything to be written.</summary>
    public bool HasChanges => !_pending.IsEmpty;

    /// <summary>What has changed since the last time, to be written; null: nothing.</summary>
    public FleetEntry? TakeEntry()
    {
        var pending = _pending;
        if (pending.IsEmpty) return null;
        _pending = new Pending();
        return new FleetEntry
        {
            Events = [.. pending.Events],
            Instances = [.. pending.Instances.Values],
            Gone = [.. pending.Gone],
            Intervals = [.. pending.Intervals],
            Joined = state.Joined,
            Lost = state.Lost,
            IntervalStart = state.IntervalStart,
            Claims = [.. pending.Claims.Values.OfType<JobClaim>()],
            Ended = [.. pending.Claims.Where(c => c.Value is null).Select(c => c.Key)],
            Shares = pending.Shares ? state.Shares.ToDictionary(StringComparer.Ordinal) : null,
        };
    }

    /// <summary>Does again what was written: to the state only what it does not know yet, to the log all of it.</summary>
    /// <param name="entry">The entry.</param>
    /// <param name="known">Whether the state knows it.</param>
    public void Replay(FleetEntry entry, bool known)
    {
        foreach (var e in entry.Events) Keep(e);
        if (known) return;
        foreach (var record in entry.Gone) state.Instances.Remove(record.Info.Id);
        foreach (var record in entry.Instances) state.Instances[record.Info.Id] = record;
        foreach (var interval in entry.Intervals) Close(interval);
        (state.Joined, state.Lost, state.IntervalStart) = (entry.Joined, entry.Lost, entry.IntervalStart);
        foreach (string id in entry.Ended) state.Claims.Remove(id);
        foreach (var claim in entry.Claims) state.Claims[claim.JobId] = claim;
        if (entry.Shares is { } shares) state.Shares = shares.ToDictionary(StringComparer.Ordinal);
        if (entry.Events.Length > 0) state.LastSequence = entry.Events[^1].Sequence;
    }

    private AvailabilityInterval Current() => new(Available, state.Joined, state.Lost);

    private void Close(AvailabilityInterval interval)
    {
        state.Intervals.Add(interval);
        if (state.Intervals.Count > options.HistoryLength) state.Intervals.RemoveRange(0, state.Intervals.Count - options.HistoryLength);
    }

    private int Held(string jobId) => state.Instances.Values.Count(r => r.JobId == jobId && IsUsable(r));

    private void Set(InstanceRecord record) => state.Instances[record.Info.Id] = _pending.Instances[record.Info.Id] = record;

    private void Free(InstanceRecord record, DateTimeOffset now) => Set(record.Phase == InstancePhase.Assigned
        ? record with { JobId = null, Phase = InstancePhase.Ready, PhaseSince = now }
        : record with { JobId = null });

    /// <summary>Divides the usable instances among the jobs.</summary>
    private void Share()
    {
        if (state.Claims.Count == 0 && state.Shares.Count == 0) return;
        var held = state.Instances.Values.Where(r => r.JobId is not null && IsUsable(r)).GroupBy(r => r.JobId!).ToDictionary(g => g.Key, g => g.Count(), StringComparer.Ordinal);
        var shares = Shares.Divide(state.Claims.Values, Available, held, options.Quotas);
        if (shares.Count == state.Shares.Count && shares.All(s => state.Shares.TryGetValue(s.Key, out int share) && share == s.Value)) return;
        state.Shares = shares;
        _pending.Shares = true;
    }

    /// <summary>Tells the other jobs that have something to give back or to get.</summary>
    private void Wake(string jobId, DateTimeOffset now)
    {
        bool free = state.Instances.Values.Any(r => IsUsable(r) && r.JobId is null);
        foreach (var (job, share) in state.Shares.Where(s => s.Key != jobId))
        {
            int held = Held(job);
            if ((_pending.Shares && held > share) || (free && held < share)) Append(now, job);
        }
    }

    private void Append(DateTimeOffset now, string jobId) => Append(new AvailabilityEvent
    {
        Sequence = state.LastSequence + 1,
        Kind = AvailabilityKind.Shared,
        InstanceId = "",
        Role = InstanceRole.Worker,
        At = now,
        Reason = "another share",
        JobId = jobId,
    });

    private void Append(AvailabilityKind kind, InstanceRecord record, DateTimeOffset now, string reason, string? trace, Func<AvailabilityEvent, AvailabilityEvent>? details = null)
    {
        var e = new AvailabilityEvent
        {
            Sequence = state.LastSequence + 1,
            Kind = kind,
            InstanceId = record.Info.Id,
            Role = record.Info.Role,
            At = now,
            Reason = reason,
            TraceParent = trace,
            Incarnation = record.Info.DataPlane.Incarnation,
        };
        Append(details?.Invoke(e) ?? e);
    }

    private void Append(AvailabilityEvent e)
    {
        state.LastSequence = e.Sequence;
        _pending.Events.Add(e);
        Keep(e);
    }

    private void Keep(AvailabilityEvent e)
    {
        _log.Add(e);
        // In blocks: what is dropped is moved over.
        if (_log.Count > options.LogLength + (options.LogLength / 4)) _log.RemoveRange(0, _log.Count - options.LogLength);
    }

    private static bool IsUsable(InstanceRecord record) =>
        record is { Info.Role: InstanceRole.Worker, Phase: InstancePhase.Ready or InstancePhase.Assigned };
}
