using System.Collections.Concurrent;
using System.Diagnostics;
using Microsoft.Extensions.Logging;
using Parcae.GpuWorker.Pipeline;
using Parcae.Grains;

namespace Parcae.GpuWorker.Checkpoints;

/// <summary>
/// A job's checkpoints in the bucket, under the names that they have in the folder. There is a checkpoint where there is its safetensors object: what belongs to it is put before that and deleted after. Whoever writes a
/// version writes the same, so it does not matter which control silo put it there last.
/// </summary>
internal sealed partial class BucketShelf : IDisposable
{
    private static readonly TimeSpan Grudge = TimeSpan.FromSeconds(30), FetchPatience = TimeSpan.FromMinutes(1);
    private readonly CheckpointStore _store;
    private readonly BucketClient _client;
    private readonly BucketFiles _files;
    private readonly ILogger _logger;
    private readonly CancellationTokenSource _ending = new();
    private readonly ConcurrentDictionary<int, Lazy<Task>> _fetching = new();
    private readonly ConcurrentDictionary<string, IReadOnlyList<StepResult>> _results = new(StringComparer.Ordinal);
    private int _newestPut = -1;
    private long _failedAt;

    public BucketShelf(CheckpointStore store, BucketClient client, BucketFiles files, ILogger logger) => (_store, _client, _files, _logger) = (store, client, files, logger);

    /// <summary>Whether the bucket has answered when it was listed last, or not been asked for a while.</summary>
    public bool Answers => _failedAt == 0 || Stopwatch.GetElapsedTime(_failedAt) > Grudge;

    /// <summary>The checkpoints that the bucket has, ascending by version.</summary>
    public async Task<IReadOnlyDictionary<int, BucketObject>> ListAsync(CancellationToken cancellation)
    {
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(cancellation, _ending.Token);
        var found = new SortedDictionary<int, BucketObject>();
        bool answers = false;
        try
        {
            await foreach (var o in _client.ListAsync(_store.JobId + "/step-", stop.Token))
            {
                if (CheckpointStore.VersionOf(o.Key[(_store.JobId.Length + 1)..]) is { } version) found[version] = o;
            }

            answers = true;
            return found;
        }
        finally
        {
            _failedAt = answers ? 0 : Stopwatch.GetTimestamp();
        }
    }

    /// <summary>Results of steps from one on that lie with some of the checkpoints, in order.</summary>
    /// <param name="of">The checkpoints, some of <see cref="ListAsync"/>.</param>
    /// <param name="from">The first step wanted.</param>
    /// <param name="cancellation">Gives up.</param>
    public async Task<IReadOnlyList<StepResult>> ResultsAsync(IReadOnlyDictionary<int, BucketObject> of, int from, CancellationToken cancellation)
    {
        var known = new SortedDictionary<int, StepResult>();
        // The newest one has those of the steps before the older ones too, unless it is damaged.
        foreach (var (version, checkpoint) in of.Where(c => c.Key > from).OrderByDescending(c => c.Key))
        {
            if (Enumerable.Range(from, version - from).All(known.ContainsKey)) continue;
            if (!_results.TryGetValue(checkpoint.ETag, out var results)) _results[checkpoint.ETag] = results = await ResultsOfAsync(version, cancellation);
            foreach (var result in results.Where(r => r.Step >= from)) known.TryAdd(result.Step, result);
        }

        return [.. known.Values];
    }

    /// <summary>Brings a checkpoint into the folder. Goes on when its caller gives up: who asks again finds it further on, or done.</summary>
    /// <exception cref="CheckpointAwayException">It cannot be had at present, or not in a minute; says why.</exception>
    public async Task FetchAsync(int version, CancellationToken cancellation)
    {
        // On another thread from the start: what the caller holds is not held by the download.
        var fetch = _fetching.GetOrAdd(version, v => new Lazy<Task>(() => Task.Run(() => DownloadAsync(v)))).Value;
        try
        {
            await fetch.WaitAsync(FetchPatience, cancellation);
        }
        catch (TimeoutException)
        {
            throw new CheckpointAwayException($"The checkpoint of step {version} of job {_store.JobId} is still being fetched from {_client}.");
        }
    }

    /// <summary>As <see cref="ListAsync"/>; none where the bucket does not answer, which is logged.</summary>
    public async Task<IReadOnlyDictionary<int, BucketObject>> TryListAsync(CancellationToken cancellation)
    {
        try
        {
            return await ListAsync(cancellation);
        }
        catch (Exception e)
        {
            LogNotListed(_store.JobId, _client.ToString(), BucketClient.Describe(e));
            return new Dictionary<int, BucketObject>();
        }
    }

    /// <summary>A piece of a checkpoint; see <see cref="CheckpointShelf.ReadAsync"/>.</summary>
    public async Task<byte[]> ReadAsync(BucketObject checkpoint, long offset, int count, CancellationToken cancellation)
    {
        byte[] data = new byte[Math.Clamp(checkpoint.Bytes - offset, 0, count)];
        await _files.ReadAsync(checkpoint, offset, data, cancellation);
        return data;
    }

    /// <summary>Puts a checkpoint into the bucket with what belongs to it, and deletes old ones there: those that are neither among the newest, as many as the job keeps, nor newer than all that were put from here.</summary>
    /// <param name="version">The checkpoint, in the folder.</param>
    /// <param name="kept">How many the job keeps.</param>
    /// <param name="cancellation">Gives up.</param>
    /// <exception cref="FileNotFoundException">It is not in the folder any more.</exception>
    public async Task PutAsync(int version, int kept, CancellationToken cancellation)
    {
        string file = _store.PathOf(version);
        foreach (string beside in (string[])[_store.ResultsOf(version), .. TokenizerFiles.Names.Select(name => Path.Combine(_store.Folder, name))])
        {
            if (File.Exists(beside)) await _files.UploadAsync(beside, KeyOf(beside), cancellation);
        }

        await _files.UploadAsync(file, KeyOf(file), cancellation);
        _newestPut = Math.Max(_newestPut, version);
        await DeleteOldAsync(version, kept, cancellation);
    }

    public void Dispose()
    {
        _ending.Cancel();
        _ending.Dispose();
    }

    private string KeyOf(string path) => $"{_store.JobId}/{Path.GetFileName(path)}";

    private async Task DeleteOldAsync(int justPut, int kept, CancellationToken cancellation)
    {
        try
        {
            int[] there = [.. (await ListAsync(cancellation)).Keys];
            foreach (int old in there.SkipLast(kept).Where(v => v != justPut && v < _newestPut))
            {
                await _client.DeleteAsync(KeyOf(_store.PathOf(old)), cancellation);
                await _client.DeleteAsync(KeyOf(_store.ResultsOf(old)), cancellation);
            }
        }
        catch (Exception e) when (!cancellation.IsCancellationRequested)
        {
            // Too many are better than none: tried again with the next one.
            LogNotDeleted(_store.JobId, _client.ToString(), BucketClient.Describe(e));
        }
    }

    private async Task DownloadAsync(int version)
    {
        try
        {
            if (!(await ListAsync(_ending.Token)).TryGetValue(version, out var checkpoint)) throw new CheckpointAwayException($"{_client} has no checkpoint of step {version} of job {_store.JobId} any more.");
            string bucket = _client.ToString();
            LogFetching(_store.JobId, version, checkpoint.Bytes, bucket);
            _store.MakeFolder();
            await foreach (var beside in _client.ListAsync(_store.JobId + "/", _ending.Token))
            {
                string name = beside.Key[(_store.JobId.Length + 1)..];
                if (name == Path.GetFileName(_store.ResultsOf(version)) || TokenizerFiles.Names.Contains(name)) await _files.DownloadAsync(beside, Path.Combine(_store.Folder, name), _ending.Token);
            }

            await _files.DownloadAsync(checkpoint, _store.PathOf(version), _ending.Token);
            LogFetched(_store.JobId, version);
        }
        catch (Exception e) when (e is not CheckpointAwayException)
        {
            throw new CheckpointAwayException($"The checkpoint of step {version} of job {_store.JobId} could not be fetched from {_client}: {BucketClient.Describe(e)}");
        }
        finally
        {
            _fetching.TryRemove(version, out _);
        }
    }

    private async Task<IReadOnlyList<StepResult>> ResultsOfAsync(int version, CancellationToken cancellation)
    {
        string key = KeyOf(_store.ResultsOf(version));
        await foreach (var o in _client.ListAsync(key, cancellation))
        {
            if (o.Key == key) return StepResultFile.Parse(await ReadAsync(o, 0, (int)Math.Min(o.Bytes, StepResultFile.MaxBytes), cancellation));
        }

        return [];
    }

    [LoggerMessage(Level = LogLevel.Warning, Message = "Job {JobId}: its checkpoints in {Bucket} cannot be listed: {Problem}")]
    private partial void LogNotListed(string jobId, string bucket, string problem);

    [LoggerMessage(Level = LogLevel.Information, Message = "Job {JobId}: the checkpoint of step {Version}, {Bytes} bytes, is fetched from {Bucket}.")]
    private partial void LogFetching(string jobId, int version, long bytes, string bucket);

    [LoggerMessage(Level = LogLevel.Information, Message = "Job {JobId}: the checkpoint of step {Version} is in the folder.")]
    private partial void LogFetched(string jobId, int version);

    [LoggerMessage(Level = LogLevel.Warning, Message = "Job {JobId}: old checkpoints in {Bucket} were not deleted: {Problem}")]
    private partial void LogNotDeleted(string jobId, string bucket, string problem);
}
