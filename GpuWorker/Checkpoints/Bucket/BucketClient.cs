using System.Net;
using System.Runtime.CompilerServices;
using System.Security.Cryptography;
using Amazon;
using Amazon.Runtime;
using Amazon.S3;
using Amazon.S3.Model;
using Parcae.GpuWorker.Service;

namespace Parcae.GpuWorker.Checkpoints;

/// <summary>An object of a bucket.</summary>
/// <param name="Key">Its key without the prefix that all have.</param>
/// <param name="Bytes">Its length.</param>
/// <param name="ETag">Names these contents.</param>
/// <param name="WrittenAt">When it was put, by the server's clock; whole seconds.</param>
internal sealed record BucketObject(string Key, long Bytes, string ETag, DateTimeOffset WrittenAt);

/// <summary>
/// What is asked of an S3-compatible server, under one prefix. Every upload carries its SHA-256, which the server compares before it stores anything. Credentials come from the SDK's default chain (environment, profile, web identity,
/// container, instance role) when the first request is made.
/// </summary>
internal sealed class BucketClient : IDisposable
{
    private static readonly TimeSpan ConnectTimeout = TimeSpan.FromSeconds(5), RequestTimeout = TimeSpan.FromSeconds(100);
    private readonly BucketAddress _address;
    private readonly Lazy<AmazonS3Client> _client;

    /// <summary>A client; nothing is asked yet.</summary>
    /// <param name="options">With a valid address.</param>
    /// <param name="credentials">In place of the chain's; null: those.</param>
    public BucketClient(GpuWorkerOptions options, AWSCredentials? credentials = null)
    {
        _address = BucketAddress.Parse(options.CheckpointBucket!) ?? throw new ArgumentException($"CheckpointBucket is {options.CheckpointBucket}; it {BucketAddress.Rule}.", nameof(options));
        // Not kept when it fails: a region or a profile may come later.
        _client = new(() => Open(options, credentials), LazyThreadSafetyMode.PublicationOnly);
    }

    /// <summary>The bucket and the prefix.</summary>
    public override string ToString() => _address.ToString();

    /// <summary>What is wrong with a request that failed, for people. Without anything that was sent along.</summary>
    public static string Describe(Exception e) => e switch
    {
        AmazonS3Exception { ErrorCode: { Length: > 0 } code } s3 => $"{code} ({(int)s3.StatusCode}): {s3.Message}",
        AmazonServiceException { StatusCode: > 0 } service => $"HTTP {(int)service.StatusCode}: {service.Message}",
        OperationCanceledException or TimeoutException => "no answer in time",
        { InnerException: { } inner } when e is AmazonClientException or HttpRequestException or AmazonServiceException => $"{FirstLine(e)} ({Describe(inner)})",
        _ => FirstLine(e),
    };

    /// <summary>Whether a request failed as there is no such object, or not with these contents any more.</summary>
    public static bool IsGone(Exception e) => e is AmazonS3Exception { StatusCode: HttpStatusCode.PreconditionFailed } or AmazonS3Exception { ErrorCode: "NoSuchKey" };

    /// <summary>All objects whose keys begin with something, in order.</summary>
    public async IAsyncEnumerable<BucketObject> ListAsync(string begin, [EnumeratorCancellation] CancellationToken cancellation)
    {
        var request = new ListObjectsV2Request { BucketName = _address.Bucket, Prefix = _address.Prefix + begin };
        do
        {
            var page = await _client.Value.ListObjectsV2Async(request, cancellation);
            foreach (var o in page.S3Objects ?? []) yield return new(o.Key[_address.Prefix.Length..], o.Size ?? 0, o.ETag, Seconds(o.LastModified));
            request.ContinuationToken = page.IsTruncated == true ? page.NextContinuationToken : null;
        }
        while (request.ContinuationToken is not null);
    }

    /// <summary>Puts a small object in one piece.</summary>
    public async Task PutAsync(string key, ReadOnlyMemory<byte> content, CancellationToken cancellation)
    {
        using var stream = ReadOnly(content);
        await _client.Value.PutObjectAsync(
            new PutObjectRequest { BucketName = _address.Bucket, Key = _address.Prefix + key, InputStream = stream, UseChunkEncoding = false, ChecksumSHA256 = Sum(content) }, cancellation);
    }

    /// <summary>Begins an object of several parts; it appears when it is completed.</summary>
    /// <returns>The upload's id.</returns>
    public async Task<string> BeginAsync(string key, CancellationToken cancellation) => (await _client.Value.InitiateMultipartUploadAsync(
        new InitiateMultipartUploadRequest { BucketName = _address.Bucket, Key = _address.Prefix + key, ChecksumAlgorithm = ChecksumAlgorithm.SHA256 }, cancellation)).UploadId;

    /// <summary>Puts a part.</summary>
    /// <param name="key">The object.</param>
    /// <param name="uploadId">The upload.</param>
    /// <param name="number">From 1 on.</param>
    /// <param name="content">All parts but the last one have the same length.</param>
    /// <param name="cancellation">Gives up.</param>
    /// <returns>What names it when the object is completed.</returns>
    public async Task<PartETag> PutPartAsync(string key, string uploadId, int number, ReadOnlyMemory<byte> content, CancellationToken cancellation)
    {
        using var stream = ReadOnly(content);
        string sum = Sum(content);
        var answer = await _client.Value.UploadPartAsync(
            new UploadPartRequest
            {
                BucketName = _address.Bucket,
                Key = _address.Prefix + key,
                UploadId = uploadId,
                PartNumber = number,
                PartSize = content.Length,
                InputStream = stream,
                UseChunkEncoding = false,
                ChecksumSHA256 = sum,
            }, cancellation);
        return new PartETag(number, answer.ETag) { ChecksumSHA256 = sum };
    }

    /// <summary>Makes the object of its parts.</summary>
    public Task CompleteAsync(string key, string uploadId, IEnumerable<PartETag> parts, CancellationToken cancellation) => _client.Value.CompleteMultipartUploadAsync(
        new CompleteMultipartUploadRequest { BucketName = _address.Bucket, Key = _address.Prefix + key, UploadId = uploadId, PartETags = [.. parts.OrderBy(p => p.PartNumber)] }, cancellation);

    /// <summary>Has the server forget the parts.</summary>
    public Task AbortAsync(string key, string uploadId, CancellationToken cancellation) =>
        _client.Value.AbortMultipartUploadAsync(new AbortMultipartUploadRequest { BucketName = _address.Bucket, Key = _address.Prefix + key, UploadId = uploadId }, cancellation);

    /// <summary>Reads a piece of an object, and nothing of another one that has taken its place.</summary>
    /// <param name="from">The object.</param>
    /// <param name="offset">Where it begins; must be within.</param>
    /// <param name="into">Is filled.</param>
    /// <param name="cancellation">Gives up.</param>
    /// <exception cref="EndOfStreamException">The connection ended before all of it was here.</exception>
    public async Task ReadAsync(BucketObject from, long offset, Memory<byte> into, CancellationToken cancellation)
    {
        using var answer = await _client.Value.GetObjectAsync(
            new GetObjectRequest { BucketName = _address.Bucket, Key = _address.Prefix + from.Key, ByteRange = new ByteRange(offset, offset + into.Length - 1), EtagToMatch = from.ETag }, cancellation);
        await answer.ResponseStream.ReadExactlyAsync(into, cancellation);
    }

    /// <summary>Deletes an object; one that is not there is no failure.</summary>
    public Task DeleteAsync(string key, CancellationToken cancellation) =>
        _client.Value.DeleteObjectAsync(new DeleteObjectRequest { BucketName = _address.Bucket, Key = _address.Prefix + key }, cancellation);

    public void Dispose()
    {
        if (_client.IsValueCreated) _client.Value.Dispose();
    }

    private static AmazonS3Client Open(GpuWorkerOptions options, AWSCredentials? credentials)
    {
        var config = new AmazonS3Config
        {
            ForcePathStyle = options.BucketPathStyle,
            RetryMode = RequestRetryMode.Standard,
            ConnectTimeout = ConnectTimeout,
            Timeout = RequestTimeout,
            // Our own are sent as plain headers: not every server knows the SDK's, which come at the end of a body.
            RequestChecksumCalculation = RequestChecksumCalculation.WHEN_REQUIRED,
            ResponseChecksumValidation = ResponseChecksumValidation.WHEN_REQUIRED,
        };
        if (options.BucketEndpoint is { } endpoint) (config.ServiceURL, config.AuthenticationRegion) = (endpoint, options.BucketRegion ?? "us-east-1");
        else if (options.BucketRegion is { } region) config.RegionEndpoint = RegionEndpoint.GetBySystemName(region);
        return credentials is null ? new AmazonS3Client(config) : new AmazonS3Client(credentials, config);
    }

    private static MemoryStream ReadOnly(ReadOnlyMemory<byte> content) =>
        System.Runtime.InteropServices.MemoryMarshal.TryGetArray(content, out var array) ? new MemoryStream(array.Array!, array.Offset, array.Count, writable: false) : new MemoryStream(content.ToArray(), writable: false);

    private static string Sum(ReadOnlyMemory<byte> content) => Convert.ToBase64String(SHA256.HashData(content.Span));

    private static string FirstLine(Exception e) => e.Message.Split('\n', 2)[0].TrimEnd();

    private static DateTimeOffset Seconds(DateTime? time) => DateTimeOffset.FromUnixTimeSeconds(new DateTimeOffset(time?.ToUniversalTime() ?? DateTime.UnixEpoch).ToUnixTimeSeconds());
}
