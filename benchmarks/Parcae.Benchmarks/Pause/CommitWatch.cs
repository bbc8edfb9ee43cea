using System.Diagnostics;
using Parcae.Benchmarks.Processes;
using Parcae.Grains;

namespace Parcae.Benchmarks.Pause;

/// <summary>
/// When each step of a job was committed, seen from outside: the workers are asked every few milliseconds which version they hold. Nothing of it goes by what the service itself says of its pauses, nor by the
/// delay of step reports. A commit is put in the middle of the time in which it can have happened: from when the last answer without it was asked for, to when the first answer with it had come.
/// </summary>
internal sealed class CommitWatch : IAsyncDisposable
{
    private static readonly TimeSpan Every = TimeSpan.FromMilliseconds(10);

    private readonly IInstanceGrain[] _instances;
    private readonly string _job;
    private readonly Func<IReadOnlyDictionary<string, ProcessUsage>> _usage;
    private readonly List<Commit> _commits = [];
    private readonly Lock _lock = new();
    private readonly CancellationTokenSource _stop = new();
    private readonly long _begin = Stopwatch.GetTimestamp();
    private readonly Task _loop;

    /// <summary>Begins to watch.</summary>
    /// <param name="grains">The service's.</param>
    /// <param name="job">The job.</param>
    /// <param name="instances">Instances of which at least one takes part in every generation; the newest version among them counts.</param>
    /// <param name="usage">What the processes of instances have used, looked at with each commit.</param>
    public CommitWatch(IGrainFactory grains, string job, IEnumerable<string> instances, Func<IReadOnlyDictionary<string, ProcessUsage>> usage)
    {
        (_job, _usage) = (job, usage);
        _instances = [.. instances.Select(i => grains.GetGrain<IInstanceGrain>(i))];
        _loop = Task.Run(WatchAsync);
    }

    /// <summary>The newest version that was seen; 0 before any.</summary>
    public int Version
    {
        get { lock (_lock) return _commits.Count == 0 ? 0 : _commits[^1].Version; }
    }

    /// <summary>Seconds since the watch began.</summary>
    public double Now => Stopwatch.GetElapsedTime(_begin).TotalSeconds;

    /// <summary>Waits until a version was seen.</summary>
    public async Task ReachAsync(int version, TimeSpan patience)
    {
        for (var waited = Stopwatch.StartNew(); Version < version; await Task.Delay(Every))
        {
            if (_loop.IsFaulted) await _loop;
            if (waited.Elapsed > patience) throw new TimeoutException($"{_job} is at step {Version} after {patience.TotalSeconds:0} s; it should have come to {version}.");
        }
    }

    /// <summary>Seconds from the commit before a step to the step's own, and how far off that may be.</summary>
    /// <param name="step">The step.</param>
    /// <param name="since">What was before this, by <see cref="Now"/>, does not count.</param>
    /// <exception cref="InvalidOperationException">One of the two was not seen.</exception>
    public (double Seconds, double Uncertainty) Step(int step, double since = 0)
    {
        var (from, to) = Ends(step);
        return (to.Seconds - Math.Max(from.Seconds, since), to.Uncertainty + from.Uncertainty);
    }

    /// <summary>What the processes used in the time of <see cref="Step"/>, those that lived at both ends of it.</summary>
    /// <exception cref="InvalidOperationException">One of the ends was not seen.</exception>
    public SortedDictionary<string, ProcessUsage> Usage(int step)
    {
        var (from, to) = Ends(step);
        return new(to.Usage.Where(u => from.Usage.ContainsKey(u.Key)).ToDictionary(u => u.Key, u => u.Value - from.Usage[u.Key]), StringComparer.Ordinal);
    }

    /// <summary>Median of <see cref="Step"/> over the steps [from, to).</summary>
    public double Median(int from, int to) => Enumerable.Range(from, to - from).Select(s => Step(s).Seconds).Order().ElementAt((to - from) / 2);

    /// <summary>Ends the watch; more than once is harmless.</summary>
    public async ValueTask DisposeAsync()
    {
        if (_stop.IsCancellationRequested) return;
        await _stop.CancelAsync();
        // What it failed with was told to whoever waited for a version.
        await _loop.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
    }

    private (Commit From, Commit To) Ends(int step)
    {
        lock (_lock)
        {
            int at = _commits.FindIndex(c => c.Version == step);
            if (at >= 0 && at + 1 < _commits.Count) return (_commits[at], _commits[at + 1]);
            throw new InvalidOperationException($"Of step {step} of {_job} not both ends were seen; versions {_commits[0].Version} to {_commits[^1].Version} were.");
        }
    }

    private async Task WatchAsync()
    {
        double asked = Now;
        while (!_stop.IsCancellationRequested)
        {
            double asking = Now;
            var all = await Task.WhenAll(_instances.Select(i => i.WorkerStatus(_job)));
            Saw(all.Max(s => s.Version), asked, Now);
            asked = asking;
            await Task.Delay(Every);
        }
    }

    private void Saw(int version, double after, double before)
    {
        if (_commits is [.., var last] && last.Version >= version) return;
        var usage = _usage();
        lock (_lock)
        {
            int known = _commits.Count == 0 ? version - 1 : _commits[^1].Version;
            // More than one at a time: they were shorter than the time between two answers.
            for (int v = known + 1; v <= version; v++) _commits.Add(new Commit(v, (after + before) / 2, (before - after) / 2, usage));
        }
    }

    /// <summary>A version as it was first seen, seconds since the watch began.</summary>
    private readonly record struct Commit(int Version, double Seconds, double Uncertainty, IReadOnlyDictionary<string, ProcessUsage> Usage);
}
