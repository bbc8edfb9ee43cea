using System.Collections.Concurrent;
using System.Diagnostics.Metrics;
using Amazon.Runtime;
using Microsoft.Extensions.Time.Testing;
using Parcae.GpuWorker.Checkpoints;
using Parcae.GpuWorker.Models;
using Parcae.GpuWorker.Numerics;
using Parcae.GpuWorker.Service;
using Parcae.Grains;
using Parcae.Grains.Telemetry;
using Xunit;

namespace Parcae.GpuWorker.Tests.Checkpoints.Bucket;

/// <summary>What is written into a folder and brought into a bucket.</summary>
[Collection(AloneCollection.Name)]
public sealed class CheckpointBucketTests : IAsyncLifetime
{
    private static readonly Gpt Model = new(new ModelSpec { Blocks = 1, Hidden = 8, Heads = 2, SequenceLength = 4 });
    private readonly TemporaryFolder _folder = new();
    private readonly FakeTimeProvider _time = new();
    private readonly LogLines _log = new();
    private readonly FakeS3 _s3 = new();
    private readonly JobSpec _spec = new() { Model = Model.Spec, Training = new TrainingSpec { CheckpointsKept = 2 } };
    private readonly CheckpointStore _store;
    private readonly MeterListener _meters = new();
    private CheckpointBucket? _bucket;

    public CheckpointBucketTests() => _store = new CheckpointStore(_folder.Path, "job");

    public ValueTask InitializeAsync() => default;

    public async ValueTask DisposeAsync()
    {
        if (_bucket is not null) await _bucket.DisposeAsync();
        await _s3.DisposeAsync();
        _folder.Dispose();
        _meters.Dispose();
    }

    [Fact]
    public async Task The_newest_goes_first_what_the_folder_has_dropped_is_left_out_and_the_bucket_keeps_as_many_as_the_folder()
    {
        var goOn = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var begun = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        _s3.Fault = r =>
        {
            if (r != Put(1)) return null;
            begun.SetResult();
            return new S3Fault(Until: goOn.Task);
        };
        var bucket = await OpenAsync();
        WriteAndAdd(bucket, 1);
        await begun.Task.WaitAsync(Patience.Long);
        foreach (int version in (int[])[2, 3, 4]) WriteAndAdd(bucket, version);
        Assert.Equal([3, 4], _store.Versions());
        var settled = bucket.Uploads.SettleAsync();
        Assert.False(settled.IsCompleted);
        goOn.SetResult();
        await settled.WaitAsync(Patience.Long);

        Assert.Equal([Put(1), Put(4), Put(3)], _s3.Requests.Where(r => r.StartsWith("PUT", StringComparison.Ordinal) && r.EndsWith(".safetensors", StringComparison.Ordinal)));
        Assert.Equal([Key(3, "results"), Key(3), Key(4, "results"), Key(4)], _s3.Objects.Keys.Order(StringComparer.Ordinal));
        Assert.Equal(await File.ReadAllBytesAsync(_store.PathOf(4)), _s3.Objects[Key(4)]);
        Assert.Contains("Job job: the checkpoint of step 2 is not uploaded to s3://bucket/p: the folder does not keep it any more.", _log.Lines);
        Assert.Null(bucket.Uploads.Missing);
    }

    [Fact]
    public async Task What_belongs_to_a_checkpoint_is_there_before_it_and_gone_after_it()
    {
        var bucket = await OpenAsync();
        foreach (int version in (int[])[1, 2, 3])
        {
            WriteAndAdd(bucket, version);
            await bucket.Uploads.SettleAsync().WaitAsync(Patience.Long);
        }

        var changes = _s3.Requests.Where(r => !r.StartsWith("GET", StringComparison.Ordinal)).ToArray();
        Assert.Equal(["PUT " + Key(1, "results"), Put(1), "PUT " + Key(2, "results"), Put(2), "PUT " + Key(3, "results"), Put(3), "DELETE " + Key(1), "DELETE " + Key(1, "results")], changes);
    }

    [Fact]
    public async Task An_upload_that_fails_is_told_and_tried_again_after_pauses_that_grow()
    {
        var measured = Measure();
        _s3.Fault = r => r.StartsWith("PUT", StringComparison.Ordinal) ? new S3Fault(403, "AccessDenied") : null;
        var bucket = await OpenAsync();
        WriteAndAdd(bucket, 1);
        const string Problem = "The checkpoint of step 1 could not be uploaded to s3://bucket/p: AccessDenied (403): the server says AccessDenied.";
        foreach (int pause in (int[])[1, 2, 4])
        {
            _log.Await($"Job job: the checkpoint of step 1 could not be uploaded to s3://bucket/p, and is tried again in {pause} s: AccessDenied (403)");
            await Patience.Until(() => bucket.Uploads.FailureOf("job") == Problem);
            Assert.Equal($"step 1 of job job ({Problem})", bucket.Uploads.Missing);
            await Patience.Until(() => measured.GetValueOrDefault("parcae.checkpoint.upload.waiting") == 1);
            int asked = _s3.Requests.Count;
            _time.Advance(TimeSpan.FromSeconds(pause - 0.1));
            Assert.Equal(asked, _s3.Requests.Count);
            // Whoever waits may begin to only now, and then waits for as long again.
            await Patience.Until(() =>
            {
                _time.Advance(TimeSpan.FromSeconds(0.2));
                return _s3.Requests.Count > asked;
            });
        }

        _log.Await("again in 8 s");
        await Patience.Until(() => measured.GetValueOrDefault("parcae.checkpoint.upload.age") >= 7 && measured["parcae.checkpoint.upload.duration false"] == 4);
        _s3.Fault = _ => null;
        await bucket.Uploads.SettleAsync().WaitAsync(Patience.Long);
        Assert.Null(bucket.Uploads.FailureOf("job"));
        Assert.Contains(Key(1), _s3.Objects.Keys);
        await Patience.Until(() => measured["parcae.checkpoint.upload.waiting"] == 0 && measured["parcae.checkpoint.upload.age"] == 0 && measured["parcae.checkpoint.upload.duration true"] == 1);
    }

    [Fact]
    public async Task The_bucket_is_behind_since_the_first_checkpoint_that_it_lacks_though_the_folder_keeps_that_no_more()
    {
        var measured = Measure();
        _s3.Fault = r => r.StartsWith("PUT", StringComparison.Ordinal) ? new S3Fault(403, "AccessDenied") : null;
        var bucket = await OpenAsync();
        foreach (int version in (int[])[1, 2, 3, 4])
        {
            WriteAndAdd(bucket, version);
            _log.Await($"the checkpoint of step {version} could not be uploaded");
            _time.Advance(TimeSpan.FromMinutes(10));
        }

        await Patience.Until(() => measured.GetValueOrDefault("parcae.checkpoint.upload.waiting") == 2 && measured["parcae.checkpoint.upload.age"] >= 2400);
        _s3.Fault = _ => null;
        await bucket.Uploads.SettleAsync().WaitAsync(Patience.Long);
        await Patience.Until(() => measured["parcae.checkpoint.upload.age"] == 0);
    }

    [Fact]
    public async Task Old_checkpoints_that_cannot_be_deleted_are_told_and_deleted_with_the_next_one()
    {
        var bucket = await OpenAsync();
        _s3.Fault = r => r.StartsWith("DELETE", StringComparison.Ordinal) ? new S3Fault(403, "AccessDenied") : null;
        await WriteAllAsync(bucket, 1, 2, 3);
        Assert.Contains("Job job: old checkpoints in s3://bucket/p were not deleted: AccessDenied (403): the server says AccessDenied.", _log.Lines);
        Assert.Contains(Key(1), _s3.Objects.Keys);
        _s3.Fault = _ => null;
        await WriteAllAsync(bucket, 4);
        Assert.Equal([Key(3), Key(4)], Checkpoints);
    }

    [Fact]
    public async Task Newer_checkpoints_of_another_silo_are_never_deleted()
    {
        foreach (int version in (int[])[10, 20, 30]) _s3.Objects[Key(version)] = [1];
        var bucket = await OpenAsync();
        await WriteAllAsync(bucket, 5);
        Assert.Equal([Key(5), Key(10), Key(20), Key(30)], Checkpoints);
        await WriteAllAsync(bucket, 25);
        Assert.Equal([Key(25), Key(30)], Checkpoints);
    }

    [Fact]
    public async Task A_bucket_that_is_away_at_the_start_is_asked_until_it_answers_and_is_then_given_what_it_lacks()
    {
        _s3.Fault = _ => new S3Fault(403, "InvalidAccessKeyId");
        foreach (int version in (int[])[1, 2]) Write(version);
        byte[] damaged = await File.ReadAllBytesAsync(_store.PathOf(2));
        Write(3);
        damaged[^5] ^= 1;
        await File.WriteAllBytesAsync(_store.PathOf(2), damaged);
        await File.WriteAllTextAsync(_store.PathOf(9) + BucketFiles.Unfinished, "of a process that was killed");
        _s3.Objects[Key(0)] = [1];

        _bucket = Bucket();
        _log.Await("s3://bucket/p cannot be read, and is asked again in 1 s; until then no checkpoint of it can be used: InvalidAccessKeyId (403)");
        _s3.Fault = _ => null;
        await Patience.Until(() =>
        {
            _time.Advance(TimeSpan.FromSeconds(1));
            return _log.Lines.Contains("s3://bucket/p has 1 checkpoints of 1 jobs.");
        });
        await Patience.Until(() => Checkpoints.Contains(Key(3)));
        await _bucket.Uploads.SettleAsync().WaitAsync(Patience.Long);
        Assert.Equal([Key(0), Key(3)], Checkpoints);
        Assert.Contains("Job job: the checkpoint of step 2 in the folder is damaged, and not uploaded.", _log.Lines);
        Assert.False(File.Exists(_store.PathOf(9) + BucketFiles.Unfinished));
    }

    [Fact]
    public async Task What_the_bucket_has_newer_ones_of_is_not_uploaded_at_the_start()
    {
        foreach (int version in (int[])[1, 2]) Write(version);
        _s3.Objects[Key(2)] = [1];
        var bucket = await OpenAsync();
        await bucket.Uploads.SettleAsync().WaitAsync(Patience.Long);
        Assert.DoesNotContain(_s3.Requests, r => r.StartsWith("PUT", StringComparison.Ordinal));
    }

    [Fact]
    public async Task The_end_does_not_wait_for_a_server_that_hangs()
    {
        var never = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var begun = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        _s3.Fault = r =>
        {
            if (r != Put(1)) return null;
            begun.TrySetResult();
            return new S3Fault(Until: never.Task);
        };
        var bucket = await OpenAsync();
        WriteAndAdd(bucket, 1);
        await begun.Task.WaitAsync(Patience.Long);
        _bucket = null;
        await bucket.DisposeAsync().AsTask().WaitAsync(Patience.Long);
        Assert.Equal("step 1 of job job", bucket.Uploads.Missing);
        never.SetResult();
    }

    private IEnumerable<string> Checkpoints => _s3.Objects.Keys.Where(k => k.EndsWith(".safetensors", StringComparison.Ordinal)).Order(StringComparer.Ordinal);

    private static string Key(int version, string kind = "safetensors") => $"p/job/step-{version:D10}.{kind}";

    private static string Put(int version) => "PUT " + Key(version);

    private CheckpointBucket Bucket() => new(
        new GpuWorkerOptions { CheckpointFolder = _folder.Path, CheckpointBucket = "s3://bucket/p", BucketEndpoint = _s3.Endpoint, BucketPathStyle = true }, _log, _time, new BasicAWSCredentials("key", "secret"));

    private async Task<CheckpointBucket> OpenAsync()
    {
        _bucket = Bucket();
        await Patience.Until(() => _log.Lines.Any(l => l.StartsWith("s3://bucket/p has", StringComparison.Ordinal)));
        return _bucket;
    }

    private async Task WriteAllAsync(CheckpointBucket bucket, params int[] versions)
    {
        foreach (int version in versions)
        {
            WriteAndAdd(bucket, version);
            await bucket.Uploads.SettleAsync().WaitAsync(Patience.Long);
        }
    }

    private void WriteAndAdd(CheckpointBucket bucket, int version)
    {
        Write(version);
        bucket.Uploads.Add("job", version, _spec.Training.CheckpointsKept);
    }

    private void Write(int version)
    {
        var states = Enumerable.Range(0, Model.LayerCount).Select(layer => LayerState.Initialize(Model, layer, _spec.Training)).ToArray();
        foreach (var state in states) state.Version = version;
        _store.Write(version, Model, _spec, states, []);
        foreach (var state in states) state.Dispose();
    }

    /// <summary>The last value of each gauge, and how often a duration was recorded with a tag.</summary>
    private ConcurrentDictionary<string, double> Measure()
    {
        var measured = new ConcurrentDictionary<string, double>();
        _meters.InstrumentPublished = (instrument, listener) =>
        {
            if (instrument.Meter == ParcaeTelemetry.Meter && instrument.Name.StartsWith("parcae.checkpoint.upload", StringComparison.Ordinal)) listener.EnableMeasurementEvents(instrument);
        };
        _meters.SetMeasurementEventCallback<int>((i, value, _, _) => measured[i.Name] = value);
        _meters.SetMeasurementEventCallback<double>((i, value, tags, _) =>
        {
            if (tags.Length == 0) measured[i.Name] = value;
            else measured.AddOrUpdate($"{i.Name} {tags[0].Value}".ToLowerInvariant(), 1, (_, count) => count + 1);
        });
        _meters.Start();
        return measured;
    }
}
