using System.Collections.Concurrent;
using Amazon.Runtime;
using Microsoft.Extensions.Logging;
using Parcae.GpuWorker.Service;
using Parcae.Grains;

namespace Parcae.GpuWorker.Checkpoints;

/// <summary>
/// The second home of a state vault's checkpoints: what is written into the folder is brought into a bucket, and what the folder has lost is found there. The bucket need not answer when the process starts; it is asked until it does.
/// </summary>
internal sealed partial class CheckpointBucket : IAsyncDisposable
{
    private static readonly TimeSpan FirstPause = TimeSpan.FromSeconds(1), LongestPause = TimeSpan.FromMinutes(1);
    private readonly BucketClient _client;
    private readonly BucketFiles _files;
    private readonly BucketUploads _uploads;
    private readonly string _folder;
    private readonly TimeProvider _time;
    private readonly ILogger _logger;
    private readonly ConcurrentDictionary<string, BucketShelf> _shelves = new(StringComparer.Ordinal);
    private readonly CancellationTokenSource _ending = new();
    private readonly Task _beginning;
    private int _ended;

    /// <summary>Begins to look for what the bucket lacks.</summary>
    /// <param name="options">With the bucket, and the folder of the checkpoints.</param>
    /// <param name="logger">Is told.</param>
    /// <param name="time">Clock; null: the system's.</param>
    /// <param name="credentials">In place of the default chain's; null: those.</param>
    /// <param name="partBytes">Length of a part; null: the default.</param>
    public CheckpointBucket(GpuWorkerOptions options, ILogger logger, TimeProvider? time = null, AWSCredentials? credentials = null, int? partBytes = null)
    {
        (_folder, _logger, _time) = (options.CheckpointFolder, logger, time ?? TimeProvider.System);
        _client = new BucketClient(options, credentials);
        _files = partBytes is { } bytes ? new BucketFiles(_client, logger) { PartBytes = bytes } : new BucketFiles(_client, logger);
        _uploads = new BucketUploads(_client.ToString(), Of, _time, logger);
        _beginning = Task.Run(BeginAsync);
    }

    /// <summary>What has not been uploaded yet.</summary>
    public BucketUploads Uploads => _uploads;

    /// <summary>The bucket and the prefix.</summary>
    public override string ToString() => _client.ToString();

    /// <summary>Why it could not be read when this process started, as long as that is so; null: it could.</summary>
    public string? Problem { get; private set; }

    /// <summary>A job's part of the bucket.</summary>
    /// <exception cref="ArgumentException">The id cannot be the name of a folder.</exception>
    public BucketShelf Of(string jobId) => _shelves.GetOrAdd(jobId, id => new BucketShelf(new CheckpointStore(_folder, id), _client, _files, _logger));

    public async ValueTask DisposeAsync()
    {
        if (Interlocked.Exchange(ref _ended, 1) == 1) return;
        await _ending.CancelAsync();
        await _beginning;
        await _uploads.DisposeAsync();
        foreach (var shelf in _shelves.Values) shelf.Dispose();
        _client.Dispose();
        _ending.Dispose();
    }

    private async Task BeginAsync()
    {
        for (var pause = FirstPause; !_ending.IsCancellationRequested; pause = TimeSpan.FromTicks(Math.Min(pause.Ticks * 2, LongestPause.Ticks)))
        {
            try
            {
                foreach (string left in Unfinished()) File.Delete(left); // by a process that was killed
                var there = await ListAsync();
                Problem = null;
                string bucket = _client.ToString();
                int checkpoints = there.Sum(j => j.Value.Count);
                LogFound(bucket, checkpoints, there.Count);
                AddMissing(there);
                return;
            }
            catch (Exception e) when (!_ending.IsCancellationRequested)
            {
                Problem = BucketClient.Describe(e);
                LogAway(_client.ToString(), Problem, pause.TotalSeconds);
                await Task.Delay(pause, _time, _ending.Token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            }
            catch (Exception)
            {
                return; // the process ends
            }
        }
    }

    private IEnumerable<string> Unfinished() => Directory.Exists(_folder)
        ? Directory.EnumerateFiles(_folder, "*" + BucketFiles.Unfinished, new EnumerationOptions { RecurseSubdirectories = true, MaxRecursionDepth = 1 })
        : [];

    private async Task<Dictionary<string, List<int>>> ListAsync()
    {
        var there = new Dictionary<string, List<int>>(StringComparer.Ordinal);
        await foreach (var o in _client.ListAsync("", _ending.Token))
        {
            if (o.Key.Split('/') is not [var job, var name] || CheckpointStore.VersionOf(name) is not { } version) continue;
            if (!there.TryGetValue(job, out var versions)) there.Add(job, versions = []);
            versions.Add(version);
        }

        return there;
    }

    /// <summary>Those in the folder that are newer than all that the bucket has of their job: they were written when the bucket was away, or before there was one.</summary>
    private void AddMissing(Dictionary<string, List<int>> there)
    {
        foreach (string job in CheckpointStore.Jobs(_folder))
        {
            var store = new CheckpointStore(_folder, job);
            int newest = there.TryGetValue(job, out var versions) ? versions.Max() : -1;
            foreach (int version in store.Versions().Where(v => v > newest))
            {
                try
                {
                    using var file = store.Open(version);
                    file.ReadAll(_ => null);
                    _uploads.Add(job, version, file.Manifest.Training.CheckpointsKept);
                }
                catch (CheckpointException e)
                {
                    LogDamaged(e, job, version);
                }
            }
        }
    }

    [LoggerMessage(Level = LogLevel.Information, Message = "{Bucket} has {Checkpoints} checkpoints of {Jobs} jobs.")]
    private partial void LogFound(string bucket, int checkpoints, int jobs);

    [LoggerMessage(Level = LogLevel.Error, Message = "{Bucket} cannot be read, and is asked again in {Pause:0.#} s; until then no checkpoint of it can be used: {Problem}")]
    private partial void LogAway(string bucket, string problem, double pause);

    [LoggerMessage(Level = LogLevel.Warning, Message = "Job {JobId}: the checkpoint of step {Version} in the folder is damaged, and not uploaded.")]
    private partial void LogDamaged(Exception e, string jobId, int version);
}
