using System.Collections.Concurrent;
using Microsoft.Extensions.Options;
using Parcae.Grains;

namespace Parcae.Silo.Api.Jobs;

/// <summary>Looks at jobs and fleets that many callers share: however many watch, a grain is asked once in a while.</summary>
internal sealed class JobLooks(IGrainFactory grains, IOptions<ParcaeApiOptions> options, TimeProvider time)
{
    private const int MostKept = 4096;

    /// <summary>A list does not wait longer for one of its jobs.</summary>
    private static readonly TimeSpan MostWait = TimeSpan.FromSeconds(2);

    private readonly ConcurrentDictionary<string, Look<JobStatus>> _jobs = new(StringComparer.Ordinal);
    private readonly ConcurrentDictionary<string, Look<FleetSnapshot>> _fleets = new(StringComparer.Ordinal);
    private readonly ConcurrentDictionary<string, Look<string[]>> _lists = new(StringComparer.Ordinal);

    /// <summary>Time between two looks.</summary>
    public TimeSpan Every => options.Value.LookEvery;

    /// <summary>A job's grain.</summary>
    public IJobGrain Job(string id) => grains.GetGrain<IJobGrain>(id);

    /// <summary>A fleet's grain.</summary>
    public IFleetGrain Fleet(string name) => grains.GetGrain<IFleetGrain>(name);

    /// <summary>A job as it was at most <see cref="Every"/> ago.</summary>
    public Task<JobStatus> StatusAsync(string id) => Shared(_jobs, id, () => Job(id).Status());

    /// <summary>A fleet as it was at most <see cref="Every"/> ago.</summary>
    public Task<FleetSnapshot> FleetAsync(string name) => Shared(_fleets, name, () => Fleet(name).Snapshot());

    /// <summary>A fleet's newest jobs as they were at most <see cref="Every"/> ago, newest first. One that does not say how it is hides no other: it is <see cref="JobPhase.Unknown"/>, with the reason.</summary>
    /// <param name="fleet">The fleet.</param>
    /// <param name="before">Only those that are older than this job; null: from the newest on.</param>
    /// <param name="most">No more than so many.</param>
    /// <exception cref="KeyNotFoundException">The fleet has no such job as <paramref name="before"/>.</exception>
    public async Task<JobSummary[]> JobsAsync(string fleet, string? before, int most)
    {
        string[] ids = await Shared(_lists, fleet, () => grains.GetGrain<IJobDirectoryGrain>(fleet).List());
        int end = before is null ? ids.Length : Array.IndexOf(ids, before);
        if (end < 0) throw new KeyNotFoundException($"before: fleet '{fleet}' has no job '{before}'.");
        var statuses = ids[Math.Max(0, end - most)..end].Reverse().Select(ExistingAsync);
        return [.. (await Task.WhenAll(statuses)).OfType<JobStatus>().Select(JobSummary.Of)];
    }

    /// <summary>Has the next look see what was just changed.</summary>
    /// <param name="id">The job.</param>
    /// <param name="fleet">The fleet whose list of jobs has changed, or null.</param>
    public void Forget(string id, string? fleet)
    {
        _jobs.TryRemove(id, out _);
        if (fleet is not null) _lists.TryRemove(fleet, out _);
    }

    /// <summary>Null: the directory knows the job, but its submission was never completed.</summary>
    private async Task<JobStatus?> ExistingAsync(string id)
    {
        var answer = StatusAsync(id);
        try
        {
            return await answer.WaitAsync(MostWait, time);
        }
        catch (KeyNotFoundException)
        {
            return null;
        }
        catch (StateTooNewException e)
        {
            return Unknown(e.Message);
        }
        catch (Exception e) when (e is not OperationCanceledException)
        {
            return Unknown(answer.IsCompleted ? $"its grain did not answer ({e.GetType().Name})" : $"its grain has not answered for {MostWait.TotalSeconds:0} s");
        }

        JobStatus Unknown(string reason) => new() { JobId = id, Phase = JobPhase.Unknown, Reason = reason };
    }

    private Task<T> Shared<T>(ConcurrentDictionary<string, Look<T>> looks, string key, Func<Task<T>> ask)
    {
        // What nobody has looked at for long is no loss: the next one looks again.
        if (looks.Count > MostKept) looks.Clear();
        return looks.GetOrAdd(key, _ => new Look<T>()).Get(ask, Every, time);
    }

    private sealed class Look<T>
    {
        private readonly Lock _lock = new();
        private Task<T>? _answer;
        private long _at;

        public Task<T> Get(Func<Task<T>> ask, TimeSpan age, TimeProvider time)
        {
            lock (_lock)
            {
                // One that has not been answered yet is as new as can be had.
                if (_answer is { IsFaulted: false } && (!_answer.IsCompleted || time.GetElapsedTime(_at) < age)) return _answer;
                _at = time.GetTimestamp();
                return _answer = ask();
            }
        }
    }
}
