using Parcae.Grains.Hosting;

namespace Parcae.Grains.Fleet;

/// <summary>The rules of a fleet: what joins, notices and losses do to its instances, its log and its history. Changes the state in memory only.</summary>
internal sealed class FleetBook(FleetState state, FleetOptions options)
{
    /// <summary>Worker instances that are usable now.</summary>
    public int Available => state.Instances.Values.Count(IsUsable);

    /// <summary>The instance, or null when there is none (any more).</summary>
    public InstanceRecord? Find(string instanceId) => state.Instances.GetValueOrDefault(instanceId);

    /// <summary>An instance is ready. Returns the events: none when nothing is new.</summary>
    public AvailabilityEvent[] Join(InstanceInfo info, DateTimeOffset now, string? trace)
    {
        if (state.Instances.TryGetValue(info.Id, out var known))
        {
            if (known.Info == info) return [];
            // The same id at another place: what it held is gone with the old process.
            var lost = Lose(info.Id, "replaced by a new registration", now, trace)!;
            return [lost, Add(info, now, trace)];
        }

        return [Add(info, now, trace)];
    }

    /// <summary>An instance will be preempted. Returns null when it is known already.</summary>
    /// <exception cref="KeyNotFoundException">There is no such instance.</exception>
    public AvailabilityEvent? Notice(string instanceId, TimeSpan remaining, string reason, DateTimeOffset now, string? trace)
    {
        if (!state.Instances.TryGetValue(instanceId, out var record)) throw new KeyNotFoundException($"There is no instance '{instanceId}' in the fleet.");
        if (record.Phase == InstancePhase.Draining) return null;
        if (IsUsable(record)) state.Lost++;
        var deadline = now + (remaining < TimeSpan.Zero ? TimeSpan.Zero : remaining);
        state.Instances[instanceId] = record with { Phase = InstancePhase.Draining, Deadline = deadline };
        return Append(AvailabilityKind.Noticed, record, e => e with { Deadline = deadline }, now, reason, trace);
    }

    /// <summary>An instance is gone. Returns null when it is known already, or there never was one.</summary>
    public AvailabilityEvent? Lose(string instanceId, string reason, DateTimeOffset now, string? trace)
    {
        if (!state.Instances.Remove(instanceId, out var record)) return null;
        if (IsUsable(record)) state.Lost++;
        bool announced = record.Phase == InstancePhase.Draining;
        return Append(AvailabilityKind.Lost, record, e => e with { Announced = announced }, now, reason, trace);
    }

    /// <summary>Lends free instances until the job holds <paramref name="max"/> that it can plan with. Returns what it was lent anew and all that it holds.</summary>
    public (InstanceRecord[] Lent, InstanceRecord[] Held) Borrow(string jobId, int max)
    {
        int held = state.Instances.Values.Count(r => r.JobId == jobId && IsUsable(r));
        var free = state.Instances.Values.Where(r => r is { Info.Role: InstanceRole.Worker, Phase: InstancePhase.Ready, JobId: null });
        var lent = free.OrderBy(r => r.JoinedAt).ThenBy(r => r.Info.Id, StringComparer.Ordinal).Take(Math.Max(0, max - held))
            .Select(r => r with { Phase = InstancePhase.Assigned, JobId = jobId }).ToArray();
        foreach (var record in lent) state.Instances[record.Info.Id] = record;

        // A vault keeps the state of any number of jobs, so it is lent without being anybody's.
        var all = state.Instances.Values.Where(r => r.JobId == jobId || r.Info.Role == InstanceRole.Vault);
        return (lent, [.. all.OrderBy(r => r.Info.Id, StringComparer.Ordinal)]);
    }

    /// <summary>Takes back all that the job holds, and returns it as it is now.</summary>
    public InstanceRecord[] Return(string jobId)
    {
        var returned = state.Instances.Values.Where(r => r.JobId == jobId)
            .Select(r => r with { JobId = null, Phase = r.Phase == InstancePhase.Assigned ? InstancePhase.Ready : r.Phase }).ToArray();
        foreach (var record in returned) state.Instances[record.Info.Id] = record;
        return returned;
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
            state.Intervals.Add(Current());
            (state.Joined, state.Lost) = (0, 0);
        }

        if (state.Intervals.Count > options.HistoryLength) state.Intervals.RemoveRange(0, state.Intervals.Count - options.HistoryLength);
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
    };

    /// <summary>Events after <paramref name="sequence"/>, oldest first, at most <paramref name="max"/>.</summary>
    public AvailabilityEvent[] ReadLog(long sequence, int max)
    {
        if (sequence >= state.LastSequence) return [];
        return [.. state.Log.SkipWhile(e => e.Sequence <= sequence).Take(Math.Max(0, max))];
    }

    private AvailabilityInterval Current() => new(Available, state.Joined, state.Lost);

    private AvailabilityEvent Add(InstanceInfo info, DateTimeOffset now, string? trace)
    {
        state.IntervalStart ??= now;
        var record = new InstanceRecord { Info = info, Phase = InstancePhase.Ready, JoinedAt = now };
        state.Instances[info.Id] = record;
        if (IsUsable(record)) state.Joined++;
        return Append(AvailabilityKind.Joined, record, e => e, now, "joined", trace);
    }

    private AvailabilityEvent Append(
        AvailabilityKind kind, InstanceRecord record, Func<AvailabilityEvent, AvailabilityEvent> details, DateTimeOffset now, string reason, string? trace)
    {
        var e = details(new AvailabilityEvent
        {
            Sequence = ++state.LastSequence,
            Kind = kind,
            InstanceId = record.Info.Id,
            Role = record.Info.Role,
            At = now,
            Reason = reason,
            TraceParent = trace,
        });
        state.Log.Add(e);
        if (state.Log.Count > options.LogLength) state.Log.RemoveRange(0, state.Log.Count - options.LogLength);
        return e;
    }

    private static bool IsUsable(InstanceRecord record) =>
        record is { Info.Role: InstanceRole.Worker, Phase: InstancePhase.Ready or InstancePhase.Assigned };
}
