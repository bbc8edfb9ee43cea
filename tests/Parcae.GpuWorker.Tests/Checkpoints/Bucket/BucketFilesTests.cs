using Amazon.Runtime;
using Parcae.GpuWorker.Checkpoints;
using Parcae.GpuWorker.Service;
using Xunit;

namespace Parcae.GpuWorker.Tests.Checkpoints.Bucket;

/// <summary>Files that go to a bucket and come back.</summary>
public sealed class BucketFilesTests : IAsyncLifetime
{
    private const int Part = 5 << 20;
    private static readonly BasicAWSCredentials Credentials = new("key", "secret");
    private readonly TemporaryFolder _folder = new();
    private readonly LogLines _log = new();
    private readonly FakeS3 _s3 = new();
    private readonly byte[] _large = [.. Enumerable.Range(0, (2 * Part) + 12345).Select(i => (byte)(i * 31 >> 3))];

    private string LargeFile => Path.Combine(_folder.Path, "large");

    private string Copy => Path.Combine(_folder.Path, "copy");

    public async ValueTask InitializeAsync() => await File.WriteAllBytesAsync(LargeFile, _large);

    public async ValueTask DisposeAsync()
    {
        await _s3.DisposeAsync();
        _folder.Dispose();
    }

    [Fact]
    public async Task A_small_file_is_put_at_once_and_a_large_one_in_parts_and_both_come_back_as_they_were()
    {
        var (client, files) = Open(_s3.Endpoint);
        using var _ = client;
        await files.UploadAsync(_folder.File("small", "a few words"), "a/small", default);
        await files.UploadAsync(LargeFile, "a/large", default);
        Assert.Equal(["prefix/a/large", "prefix/a/small"], _s3.Objects.Keys.Order());
        Assert.Equal(_large, _s3.Objects["prefix/a/large"]);
        Assert.Equal(3, _s3.Requests.Count(r => r.Contains("partNumber", StringComparison.Ordinal)));
        Assert.Empty(_s3.OpenUploads);

        await RoundTripAsync(client, files);
        Assert.Equal(new DateTime(2026, 1, 2, 3, 4, 5, DateTimeKind.Utc), File.GetLastWriteTimeUtc(Copy));
    }

    [Fact]
    public async Task A_server_that_is_not_ours_takes_parts_and_gives_ranges_too()
    {
        await using var moto = await MotoServer.StartAsync();
        var (client, files) = Open(moto.Endpoint);
        using var _ = client;
        await files.UploadAsync(_folder.File("small", "a few words"), "a/small", default);
        await files.UploadAsync(LargeFile, "a/large", default);
        await RoundTripAsync(client, files);
        var gone = Assert.ThrowsAnyAsync<AmazonServiceException>(() => client.ReadAsync(new BucketObject("a/none", 3, "\"0\"", default), 0, new byte[1], default));
        Assert.True(BucketClient.IsGone(await gone));
        await client.DeleteAsync("a/large", default);
        Assert.Equal(["a/small"], (await ListAsync(client)).Select(o => o.Key));
    }

    [Fact]
    public async Task What_arrives_damaged_is_refused_by_the_server_and_an_upload_that_fails_leaves_nothing_behind()
    {
        var (client, files) = Open(_s3.Endpoint);
        using var _ = client;
        _s3.Fault = r => r.StartsWith("PUT", StringComparison.Ordinal) ? new S3Fault(Flip: true) : null;
        var small = await Assert.ThrowsAnyAsync<AmazonServiceException>(() => files.UploadAsync(_folder.File("small", "a few words"), "a/small", default));
        Assert.Equal("XAmzContentSHA256Mismatch (400): the server says XAmzContentSHA256Mismatch.", BucketClient.Describe(small));
        Assert.Empty(_s3.Objects);

        foreach (var fault in new[] { new S3Fault(Flip: true), new S3Fault(400, "BadDigest"), new S3Fault(403, "AccessDenied") })
        {
            _s3.Fault = r => r.Contains("partNumber=2", StringComparison.Ordinal) ? fault : null;
            await Assert.ThrowsAnyAsync<AmazonServiceException>(() => files.UploadAsync(LargeFile, "a/large", default));
            Assert.Empty(_s3.Objects);
            Assert.Empty(_s3.OpenUploads);
        }
    }

    [Fact]
    public async Task Parts_that_cannot_be_deleted_are_told_and_the_reason_of_the_failure_is_not_lost()
    {
        var (client, files) = Open(_s3.Endpoint);
        using var _ = client;
        _s3.Fault = r => r.Contains("partNumber=3", StringComparison.Ordinal) ? new S3Fault(400, "InvalidDigest") : r.StartsWith("DELETE", StringComparison.Ordinal) ? new S3Fault(403, "AccessDenied") : null;
        var e = await Assert.ThrowsAnyAsync<AmazonServiceException>(() => files.UploadAsync(LargeFile, "a/large", default));
        Assert.Equal("InvalidDigest", e.ErrorCode);
        Assert.Contains("s3://bucket/prefix: the parts of a/large that were uploaded could not be deleted: AccessDenied (403): the server says AccessDenied.", _log.Lines);
    }

    [Fact]
    public async Task A_server_that_asks_to_slow_down_is_asked_again()
    {
        var (client, files) = Open(_s3.Endpoint);
        using var _ = client;
        int refused = 0;
        _s3.Fault = r => r.Contains("partNumber=1", StringComparison.Ordinal) && refused++ == 0 ? new S3Fault(503, "SlowDown") : null;
        await files.UploadAsync(LargeFile, "a/large", default);
        Assert.Equal(_large, _s3.Objects["prefix/a/large"]);
        Assert.Equal(2, refused);
    }

    [Fact]
    public async Task A_connection_that_is_cut_in_the_middle_of_a_part_costs_that_part_alone()
    {
        var (client, files) = Open(_s3.Endpoint);
        using var _ = client;
        _s3.Objects["prefix/a/large"] = _large;
        int cut = 0;
        _s3.Fault = r => r.StartsWith("GET prefix/", StringComparison.Ordinal) && cut++ == 1 ? new S3Fault(Cut: true) : null;
        await files.DownloadAsync((await ListAsync(client)).Single(), Copy, default);
        Assert.Equal(_large, await File.ReadAllBytesAsync(Copy));
        Assert.Contains(_log.Lines, l => l.StartsWith("s3://bucket/prefix: a/large could not be read at byte", StringComparison.Ordinal));
        Assert.Equal(4, _s3.Requests.Count(r => r.StartsWith("GET prefix/", StringComparison.Ordinal)));
    }

    [Fact]
    public async Task A_download_that_fails_leaves_nothing_behind_and_never_mixes_two_objects()
    {
        var (client, files) = Open(_s3.Endpoint);
        using var _ = client;
        _s3.Objects["prefix/a/large"] = _large;
        var known = (await ListAsync(client)).Single();
        await File.WriteAllTextAsync(Copy + BucketFiles.Unfinished, "of a process that was killed");
        int read = 0;
        _s3.Fault = r =>
        {
            if (r.StartsWith("GET prefix/", StringComparison.Ordinal) && ++read == 2) _s3.Objects["prefix/a/large"] = [.. _large.Reverse()];
            return null;
        };
        var e = await Assert.ThrowsAnyAsync<AmazonServiceException>(() => files.DownloadAsync(known, Copy, default));
        Assert.True(BucketClient.IsGone(e));
        Assert.Equal([LargeFile], Directory.GetFiles(_folder.Path));
    }

    [Fact]
    public async Task A_list_of_many_pages_is_read_to_its_end()
    {
        var (client, _) = Open(_s3.Endpoint);
        using var __ = client;
        _s3.PageLength = 3;
        for (int i = 0; i < 8; i++) _s3.Objects[$"prefix/a/{i}"] = [1, 2];
        _s3.Objects["elsewhere"] = [];
        Assert.Equal(Enumerable.Range(0, 8).Select(i => $"a/{i}"), (await ListAsync(client)).Select(o => o.Key));
        Assert.Equal(3, _s3.Requests.Count);
    }

    private static async Task<List<BucketObject>> ListAsync(BucketClient client) => await client.ListAsync("a/", default).ToListAsync();

    private async Task RoundTripAsync(BucketClient client, BucketFiles files)
    {
        var there = await ListAsync(client);
        Assert.Equal([("a/large", _large.Length), ("a/small", 11L)], there.Select(o => (o.Key, o.Bytes)));
        await files.DownloadAsync(there[0], Copy, default);
        Assert.Equal(_large, await File.ReadAllBytesAsync(Copy));
        byte[] piece = new byte[100];
        await files.ReadAsync(there[0], Part - 50, piece, default);
        Assert.Equal(_large[(Part - 50)..(Part + 50)], piece);
    }

    private (BucketClient Client, BucketFiles Files) Open(string endpoint)
    {
        var client = new BucketClient(new GpuWorkerOptions { CheckpointBucket = "s3://bucket/prefix", BucketEndpoint = endpoint, BucketPathStyle = true }, Credentials);
        return (client, new BucketFiles(client, _log) { PartBytes = Part });
    }
}
