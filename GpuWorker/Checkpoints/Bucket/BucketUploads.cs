using Microsoft.Extensions.Logging;
using Parcae.Grains.Telemetry;

namespace Parcae.GpuWorker.Checkpoints;

/// <summary>
/// Brings checkpoints into the bucket in the background, one at a time, the newest of a job first; one that fails again after a pause that doubles. Training does not wait for it. Of those that wait, the ones that the folder does not keep any more are left out.
/// </summary>
internal sealed partial class BucketUploads : IAsyncDisposable
{
    private static readonly TimeSpan FirstPause = TimeSpan.FromSeconds(1), LongestPause = TimeSpan.FromMinutes(5), Report = TimeSpan.FromSeconds(10);
    private readonly string _bucket;
    private readonly Func<string, BucketShelf> _shelves;
    private readonly TimeProvider _time;
    private readonly ILogger _logger;
    private readonly CancellationTokenSource _ending = new();
    private readonly Lock _lock = new();
    private readonly Dictionary<(string JobId, int Version), Waiting> _waiting = [];

    // For each job when its first checkpoint was written that is newer than what the bucket has, whether the folder still keeps it or not.
    private readonly Dictionary<string, long> _behindSince = new(StringComparer.Ordinal);
    private readonly Task _working, _reporting;
    private TaskCompletionSource _news = new(TaskCreationOptions.RunContinuationsAsynchronously), _done = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private Waiting? _current;
    private bool _hurry;

    /// <summary>Begins to wait for work.</summary>
    /// <param name="bucket">For people.</param>
    /// <param name="shelves">A job's part of the bucket.</param>
    /// <param name="time">Clock.</param>
    /// <param name="logger">Is told.</param>
    public BucketUploads(string bucket, Func<string, BucketShelf> shelves, TimeProvider time, ILogger logger)
    {
        (_bucket, _shelves, _time, _logger) = (bucket, shelves, time, logger);
        _working = Task.Run(WorkAsync);
        _reporting = Task.Run(ReportAsync);
    }

    private sealed record Waiting(string JobId, int Version, int Kept, long Since)
    {
        public int Failures { get; init; }

        public long NotBefore { get; init; }

        public string? Failure { get; init; }
    }

    /// <summary>Has a checkpoint in the folder uploaded.</summary>
    /// <param name="jobId">The job.</param>
    /// <param name="version">The checkpoint.</param>
    /// <param name="kept">How many the job keeps.</param>
    public void Add(string jobId, int version, int kept)
    {
        lock (_lock)
        {
            if (_done.Task.IsCompleted || Unfinished == 0) _done = new(TaskCreationOptions.RunContinuationsAsynchronously);
            var waiting = _waiting[(jobId, version)] = new(jobId, version, kept, _time.GetTimestamp());
            _behindSince.TryAdd(jobId, waiting.Since);
            _news.TrySetResult();
        }
    }

    /// <summary>Why the newest of a job's checkpoints that were tried could not be uploaded; null where none that waits has failed.</summary>
    public string? FailureOf(string jobId)
    {
        lock (_lock) return All.Where(w => w.JobId == jobId && w.Failure is not null).MaxBy(w => w.Version)?.Failure;
    }

    /// <summary>What is not in the bucket yet, for people; null: nothing.</summary>
    public string? Missing
    {
        get
        {
            lock (_lock) return Unfinished == 0 ? null : string.Join(", ", All.Select(w => $"step {w.Version} of job {w.JobId}{(w.Failure is null ? "" : $" ({w.Failure})")}"));
        }
    }

    /// <summary>Completes when nothing is left to upload. From here on no pause is longer than the first one.</summary>
    public Task SettleAsync()
    {
        lock (_lock)
        {
            _hurry = true;
            foreach (var (key, waiting) in _waiting) _waiting[key] = waiting with { NotBefore = 0 };
            _news.TrySetResult();
            return Unfinished == 0 ? Task.CompletedTask : _done.Task;
        }
    }

    public async ValueTask DisposeAsync()
    {
        await _ending.CancelAsync();
        await Task.WhenAll(_working, _reporting);
        _ending.Dispose();
    }

    private int Unfinished => _waiting.Count + (_current is null ? 0 : 1);

    private IEnumerable<Waiting> All => _current is null ? _waiting.Values : _waiting.Values.Append(_current);

    private async Task WorkAsync()
    {
        while (!_ending.IsCancellationRequested)
        {
            var (next, wait, news) = Next();
            if (next is not null)
            {
                await UploadAsync(next);
                continue;
            }

            await news.WaitAsync(wait, _time, _ending.Token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    /// <summary>What is to be uploaded now, or how long nothing is.</summary>
    private (Waiting? Next, TimeSpan Wait, Task News) Next()
    {
        lock (_lock)
        {
            _news = new(TaskCreationOptions.RunContinuationsAsynchronously);
            long now = _time.GetTimestamp();
            var due = _waiting.Values.Where(w => w.NotBefore <= now).OrderByDescending(w => w.Version).DistinctBy(w => w.JobId).MinBy(w => w.Since);
            if (due is null) return (null, _waiting.Count == 0 ? Timeout.InfiniteTimeSpan : _waiting.Values.Min(w => _time.GetElapsedTime(now, w.NotBefore)), _news.Task);
            _waiting.Remove((due.JobId, due.Version));
            return (_current = due, default, _news.Task);
        }
    }

    private async Task UploadAsync(Waiting upload)
    {
        long start = _time.GetTimestamp();
        Waiting? again = null;
        bool put = false;
        try
        {
            await _shelves(upload.JobId).PutAsync(upload.Version, upload.Kept, _ending.Token);
            put = true;
            double seconds = _time.GetElapsedTime(start).TotalSeconds;
            LogUploaded(upload.JobId, upload.Version, _bucket, seconds);
        }
        catch (Exception e) when (e is FileNotFoundException or DirectoryNotFoundException)
        {
            LogLeftOut(upload.JobId, upload.Version, _bucket);
        }
        catch (Exception e) when (!_ending.IsCancellationRequested)
        {
            var pause = _hurry ? FirstPause : TimeSpan.FromTicks(Math.Min(FirstPause.Ticks << Math.Min(upload.Failures, 20), LongestPause.Ticks));
            string problem = BucketClient.Describe(e);
            LogFailed(upload.JobId, upload.Version, _bucket, problem, pause.TotalSeconds);
            again = upload with
            {
                Failures = upload.Failures + 1,
                NotBefore = _time.GetTimestamp() + (long)(pause.TotalSeconds * _time.TimestampFrequency),
                Failure = $"The checkpoint of step {upload.Version} could not be uploaded to {_bucket}: {problem}",
            };
            ParcaeTelemetry.CheckpointUploadDuration.Record(_time.GetElapsedTime(start).TotalSeconds, new KeyValuePair<string, object?>("written", false));
        }
        catch (Exception)
        {
            // The process ends; when it is back it looks for what the bucket lacks.
            again = upload;
        }

        if (put) ParcaeTelemetry.CheckpointUploadDuration.Record(_time.GetElapsedTime(start).TotalSeconds, new KeyValuePair<string, object?>("written", true));
        lock (_lock)
        {
            _current = null;
            // Written anew meanwhile: that one counts.
            if (again is not null) _waiting.TryAdd((again.JobId, again.Version), again);
            long[] left = [.. _waiting.Values.Where(w => w.JobId == upload.JobId && !(put && w.Since <= upload.Since)).Select(w => w.Since)];
            if (left.Length == 0) _behindSince.Remove(upload.JobId);
            else if (put) _behindSince[upload.JobId] = left.Min();
            if (_waiting.Count == 0) _done.TrySetResult();
        }

        Measure();
    }

    private async Task ReportAsync()
    {
        using var timer = new PeriodicTimer(Report, _time);
        try
        {
            while (await timer.WaitForNextTickAsync(_ending.Token)) Measure();
        }
        catch (OperationCanceledException) when (_ending.IsCancellationRequested)
        {
            // The end.
        }
    }

    private void Measure()
    {
        lock (_lock)
        {
            ParcaeTelemetry.CheckpointsWaiting.Record(Unfinished);
            ParcaeTelemetry.CheckpointUploadAge.Record(_behindSince.Count == 0 ? 0 : _time.GetElapsedTime(_behindSince.Values.Min()).TotalSeconds);
        }
    }

    [LoggerMessage(Level = LogLevel.Information, Message = "Job {JobId}: the checkpoint of step {Version} is in {Bucket} after {Seconds:F1} s.")]
    private partial void LogUploaded(string jobId, int version, string bucket, double seconds);

    [LoggerMessage(Level = LogLevel.Warning, Message = "Job {JobId}: the checkpoint of step {Version} is not uploaded to {Bucket}: the folder does not keep it any more.")]
    private partial void LogLeftOut(string jobId, int version, string bucket);

    [LoggerMessage(Level = LogLevel.Error, Message = "Job {JobId}: the checkpoint of step {Version} could not be uploaded to {Bucket}, and is tried again in {Pause:0.#} s: {Problem}")]
    private partial void LogFailed(string jobId, int version, string bucket, string problem, double pause);
}
