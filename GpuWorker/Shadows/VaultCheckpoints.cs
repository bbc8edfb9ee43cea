using System.Runtime.InteropServices;
using Microsoft.Extensions.Logging;
using Parcae.GpuWorker.Checkpoints;
using Parcae.GpuWorker.Models;
using Parcae.GpuWorker.Numerics;
using Parcae.GpuWorker.Pipeline;
using Parcae.GpuWorker.Transport;
using Parcae.Grains;
using static TorchSharp.torch;

namespace Parcae.GpuWorker.Shadows;

/// <summary>
/// A vault instance's part in the checkpoints of its job. The first shard's instance writes them, whole: it fetches the layers that it does not follow from the other shards, at the same version.
/// These keep copies of theirs until then.
/// </summary>
internal sealed partial class VaultCheckpoints : IAsyncDisposable
{
    // Less than a job waits for an answer.
    private static readonly TimeSpan LookPatience = TimeSpan.FromSeconds(2.5);

    private readonly string _jobId;
    private readonly DataPlane _plane;
    private readonly ILogger _logger;
    private readonly CheckpointStore _store;
    private readonly CheckpointWriter _writer;
    private readonly LayerStore _copies = new();
    private readonly SemaphoreSlim _dropping = new(1, 1);
    private readonly CancellationTokenSource _ending = new();
    private volatile Following? _following;
    private string? _unread;

    public VaultCheckpoints(string jobId, string folder, DataPlane plane, ILogger logger)
    {
        (_jobId, _plane, _logger) = (jobId, plane, logger);
        _store = new CheckpointStore(folder, jobId);
        _writer = new CheckpointWriter(jobId, Write, logger);
    }

    private sealed record Following(PrepareCommand Command, VaultShard Shard, IStagedModel Model)
    {
        public PeerEndpoint Writer => Command.Plan.Vault[0].Peer;
    }

    /// <summary>The shard that this instance has followed last; null: none yet.</summary>
    public VaultShard? Shard => _following?.Shard;

    /// <summary>Whether this instance is all of the vault.</summary>
    public bool IsAlone => _following?.Command.Plan.Vault.Length == 1;

    /// <summary>What the writer fetches while this shard goes on.</summary>
    public LayerStore Copies => _copies;

    /// <summary>Versions on this instance's disk, ascending.</summary>
    public IReadOnlyList<int> Versions => _store.Versions();

    /// <summary>The newest version that this instance has made durable; null: none yet.</summary>
    public int? Newest => _writer.Written;

    /// <summary>Why the last attempt failed, or the last one at bringing the newest into the bucket; null when neither did.</summary>
    public string? Failure => _writer.Failure ?? Bucket?.Uploads.FailureOf(_jobId);

    /// <summary>Where they are kept too; null: nowhere.</summary>
    public CheckpointBucket? Bucket { get; init; }

    /// <summary>Tells the results that are known of steps below a version, in order; kept with its checkpoint.</summary>
    public Func<int, IReadOnlyList<StepResult>>? Known { get; init; }

    /// <summary>
    /// The checkpoints on this instance's disk and in its bucket. Where the bucket is not asked, or does not answer soon, there may be others. Training stands still meanwhile: it is asked by who has no copy of its layers, and, while it
    /// answers, by who has one that others may have written checkpoints beyond.
    /// </summary>
    /// <param name="command">For which this is.</param>
    /// <param name="copy">Version of this instance's copy of its shard; null: it has none.</param>
    public async Task<CheckpointsHeld> HeldAsync(HaltCommand command, int? copy)
    {
        int from = command.ResultsFrom;
        var here = _store.Versions();
        var results = _store.Results(from);
        if (Bucket is not { } bucket) return new(here, results, null);
        bool look = copy is null or 0 || (command.Mode == HaltMode.Now && bucket.Of(_jobId).Answers && !(IsAlone && copy >= from));
        if (!look) return new(here, results, $"{bucket} was not asked");
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(_ending.Token);
        limit.CancelAfter(LookPatience);
        try
        {
            var shelf = bucket.Of(_jobId);
            var there = (await shelf.ListAsync(limit.Token)).Where(c => !here.Contains(c.Key)).ToDictionary();
            var more = await shelf.ResultsAsync(there, from, limit.Token);
            _unread = null;
            return new([.. here.Concat(there.Keys).Order()], [.. results.Concat(more).DistinctBy(r => r.Step).OrderBy(r => r.Step)], null);
        }
        catch (Exception e) when (!_ending.IsCancellationRequested)
        {
            // An answer that takes too long says less than an error before it.
            if (e is not OperationCanceledException) _unread = BucketClient.Describe(e);
            return new(here, results, $"{bucket} does not answer: {_unread ?? bucket.Problem ?? BucketClient.Describe(e)}");
        }
    }

    /// <summary>Called on a thread of its own when a version is durable.</summary>
    public Action<int>? OnWritten { get; set; }

    /// <summary>The job and its shards from here on. Copies of versions that will come again are dropped.</summary>
    public Task FollowAsync(PrepareCommand command, VaultShard shard, IStagedModel model)
    {
        _following = new Following(command, shard, model);
        return DropCopies(version => version > command.Plan.StartStep);
    }

    /// <summary>Takes a copy of the shard's layers at a version of which there is to be a checkpoint: they may change as soon as this returns.</summary>
    public void Offer(int version, IReadOnlyList<LayerState> layers)
    {
        if (IsWriter)
        {
            _writer.Offer(version, layers);
            return;
        }

        try
        {
            foreach (var layer in layers) _copies.Add(layer.Clone());
        }
        catch (ExternalException e)
        {
            // No memory for a copy. The layers themselves are as good as before, and the next checkpoint may succeed.
            LogNoCopy(e, _jobId, version);
        }

        _ = DropCopies(copy => copy < version);
    }

    /// <summary>The checkpoint of a version is durable where it is written.</summary>
    public void Written(int version) => _ = DropCopies(copy => copy <= version);

    /// <summary>Writes a version now; returns when it is durable.</summary>
    /// <param name="version">The version.</param>
    /// <param name="layers">The shard's layers, which must not change meanwhile.</param>
    /// <exception cref="InvalidOperationException">Another instance writes this job's checkpoints, or the others do not hold this version.</exception>
    /// <exception cref="IOException">It could not be written.</exception>
    public Task WriteAsync(int version, IReadOnlyList<LayerState> layers) => IsWriter
        ? _writer.WriteAsync(version, layers)
        : throw new InvalidOperationException($"{_plane.InstanceId} does not write the checkpoints of job {_jobId}; {_following?.Writer.InstanceId ?? "nobody"} does.");

    /// <summary>Loads a version from this instance's disk, to which it is brought from the bucket where it is missing or damaged. What was written later belongs to a state that was given up.</summary>
    /// <exception cref="CheckpointException">It is missing, damaged, or not of this job.</exception>
    /// <exception cref="CheckpointAwayException">It cannot be had from the bucket at present.</exception>
    public async Task<IReadOnlyList<LayerState>> LoadAsync(int version, IStagedModel model, JobSpec spec, CancellationToken cancellation)
    {
        var states = Bucket is { } bucket ? await LoadAsync(bucket.Of(_jobId), version, model, spec, cancellation) : _store.Load(version, model, spec);
        _writer.Forget();
        return states;
    }

    private async Task<IReadOnlyList<LayerState>> LoadAsync(BucketShelf shelf, int version, IStagedModel model, JobSpec spec, CancellationToken cancellation)
    {
        if (_store.Versions().Contains(version))
        {
            try
            {
                return _store.Load(version, model, spec);
            }
            catch (CheckpointException e) when (e.Path is not null)
            {
                if (!(await shelf.TryListAsync(cancellation)).ContainsKey(version)) throw;
                LogFetchedInstead(e, _jobId, version);
            }
        }

        await shelf.FetchAsync(version, cancellation);
        try
        {
            return _store.Load(version, model, spec);
        }
        catch (CheckpointException)
        {
            // As it is in the bucket. The next one to ask for it is to see that, too, and not what is left of it here.
            File.Delete(_store.PathOf(version));
            throw;
        }
    }

    public async ValueTask DisposeAsync()
    {
        await _ending.CancelAsync();
        await _writer.DisposeAsync();
        await DropCopies(_ => true);
        _ending.Dispose();
    }

    private bool IsWriter => _following?.Writer.InstanceId == _plane.InstanceId;

    /// <summary>Frees copies; who reads one is given a moment.</summary>
    private async Task DropCopies(Func<int, bool> which)
    {
        await _dropping.WaitAsync();
        try
        {
            await _copies.ThawAsync();
            _copies.Drop(s => which(s.Version));
            _copies.Freeze();
        }
        finally
        {
            _dropping.Release();
        }
    }

    // On the writer's thread.
    private void Write(int version, IReadOnlyList<LayerState> layers)
    {
        var (command, _, model) = _following ?? throw new InvalidOperationException($"Job {_jobId} is not followed here.");
        using var fetched = new LayerStore();
        Fetch(command, version, [.. Enumerable.Range(0, model.LayerCount).Except(layers.Select(l => l.Layer))], model, fetched);
        _store.Write(version, model, command.Spec, [.. layers.Concat(fetched.Held).OrderBy(l => l.Layer)], Known?.Invoke(version));
        OnWritten?.Invoke(version);
        Bucket?.Uploads.Add(_jobId, version, command.Spec.Training.CheckpointsKept);
    }

    /// <summary>Brings what other shards hold at a version.</summary>
    private void Fetch(PrepareCommand command, int version, int[] lacking, IStagedModel model, LayerStore into)
    {
        if (lacking.Length == 0) return;
        LayerSource Source(int layer) => new(layer, [.. command.Plan.Vault.Where(s => s.Layers.Contains(layer)).Select(s => s.Peer)]);
        var request = command with { Plan = command.Plan with { StartStep = version }, Sources = [.. lacking.Select(Source)] };
        LayerFetch.RunAsync(request, lacking, model, into, _plane, CPU, _ending.Token).GetAwaiter().GetResult();
    }

    [LoggerMessage(Level = LogLevel.Warning, Message = "Job {JobId}: the checkpoint of step {Version} in the folder cannot be used; the bucket's is fetched instead.")]
    private partial void LogFetchedInstead(Exception e, string jobId, int version);

    [LoggerMessage(Level = LogLevel.Error, Message = "Job {JobId}: no copy could be made for the checkpoint of step {Version}.")]
    private partial void LogNoCopy(Exception e, string jobId, int version);
}

/// <summary>The checkpoints that a vault instance has.</summary>
/// <param name="Versions">Ascending.</param>
/// <param name="Results">Results that lie with them, in order.</param>
/// <param name="Unread">Why there may be others in its bucket, for people; null: there are none.</param>
internal sealed record CheckpointsHeld(IReadOnlyList<int> Versions, IReadOnlyList<StepResult> Results, string? Unread);
