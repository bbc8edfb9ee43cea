using System.Collections.Concurrent;
using System.Globalization;
using System.Net;
using System.Security.Cryptography;
using System.Xml.Linq;

namespace Parcae.GpuWorker.Tests.Checkpoints.Bucket;

/// <summary>A fault of the server.</summary>
/// <param name="Status">Answers with this status, if it is not 0.</param>
/// <param name="Code">The error's code.</param>
/// <param name="Cut">Whether the connection is cut in the middle of the answer's body.</param>
/// <param name="Flip">Whether a bit of the request's body flips on its way here.</param>
/// <param name="FlipAnswer">Whether a bit of the answer's body flips on its way back.</param>
/// <param name="Until">Answers no sooner than this completes.</param>
internal sealed record S3Fault(int Status = 0, string Code = "", bool Cut = false, bool Flip = false, bool FlipAnswer = false, Task? Until = null);

/// <summary>
/// The part of the S3 REST API that checkpoints need, on a real socket, with path-style addresses: lists in pages, ranges and conditions, multipart uploads, and the checks that a server makes (the body's SHA-256 in x-amz-content-sha256 and
/// x-amz-checksum-sha256, parts of 5 MiB at least, the parts of a completion). It asks for a signature and does not check it. And the failures that no real server can be made to give.
/// </summary>
internal sealed class FakeS3 : IAsyncDisposable
{
    private static readonly XNamespace Xmlns = "http://s3.amazonaws.com/doc/2006-03-01/";
    private readonly HttpListener _listener = new();
    private readonly ConcurrentDictionary<string, ConcurrentDictionary<int, byte[]>> _uploads = new();
    private readonly ConcurrentBag<Task> _answers = [];
    private readonly Lock _faults = new();
    private readonly Task _serving;
    private int _ids;

    public FakeS3(string bucket = "bucket")
    {
        Bucket = bucket;
        Endpoint = $"http://127.0.0.1:{FreePorts.Next()}";
        _listener.Prefixes.Add(Endpoint + '/');
        _listener.Start();
        _serving = Task.Run(ServeAsync);
    }

    /// <summary>Its only bucket.</summary>
    public string Bucket { get; }

    /// <summary>Its address.</summary>
    public string Endpoint { get; }

    /// <summary>Keys in a page of a list.</summary>
    public int PageLength { get; set; } = 1000;

    /// <summary>Called with each request as <c>PUT key?query</c>, one at a time: what goes wrong with it.</summary>
    public Func<string, S3Fault?> Fault { get; set; } = _ => null;

    /// <summary>The objects.</summary>
    public ConcurrentDictionary<string, byte[]> Objects { get; } = new();

    /// <summary>Requests so far, as <c>PUT key?query</c>.</summary>
    public ConcurrentQueue<string> Requests { get; } = new();

    /// <summary>Multipart uploads that were begun and neither completed nor aborted.</summary>
    public ICollection<string> OpenUploads => _uploads.Keys;

    public async ValueTask DisposeAsync()
    {
        _listener.Stop();
        await _serving;
        await Task.WhenAll(_answers);
        _listener.Close();
    }

    private async Task ServeAsync()
    {
        while (true)
        {
            HttpListenerContext context;
            try
            {
                context = await _listener.GetContextAsync();
            }
            catch (Exception e) when (e is HttpListenerException or ObjectDisposedException)
            {
                return;
            }

            _answers.Add(Task.Run(() => AnswerAsync(context)));
        }
    }

    private async Task AnswerAsync(HttpListenerContext context)
    {
        try
        {
            var request = context.Request;
            using var buffer = new MemoryStream();
            await request.InputStream.CopyToAsync(buffer);
            byte[] body = buffer.ToArray();
            string path = Uri.UnescapeDataString(request.Url!.AbsolutePath).TrimStart('/');
            string key = path.Length > Bucket.Length ? path[(Bucket.Length + 1)..] : "";
            string name = $"{request.HttpMethod} {key}{request.Url.Query}";
            Requests.Enqueue(name);
            S3Fault? fault;
            lock (_faults) fault = Fault(name);
            if (fault?.Until is { } until) await until;
            if (fault is { Flip: true } && body.Length > 0) body[body.Length / 2] ^= 4;
            var answer = fault is { Status: > 0 } ? Error(fault.Status, fault.Code) : path.Split('/')[0] != Bucket ? Error(404, "NoSuchBucket") : Checked(request, key, body);
            if (fault is { FlipAnswer: true } && answer.Body.Length > 0) answer.Body[answer.Body.Length / 2] ^= 4;
            await SendAsync(context.Response, answer, fault is { Cut: true });
        }
        catch (Exception e) when (e is HttpListenerException or IOException or ObjectDisposedException or InvalidOperationException)
        {
            // Who asked is gone.
        }
    }

    private static async Task SendAsync(HttpListenerResponse response, Answer answer, bool cut)
    {
        response.StatusCode = answer.Status;
        foreach (var (name, value) in answer.Headers) response.Headers[name] = value;
        if (answer.Status != 204) response.ContentLength64 = answer.Body.Length;
        if (cut)
        {
            await response.OutputStream.WriteAsync(answer.Body.AsMemory(0, answer.Body.Length / 2));
            await response.OutputStream.FlushAsync();
            response.Abort();
            return;
        }

        if (answer.Status != 204) await response.OutputStream.WriteAsync(answer.Body);
        response.Close();
    }

    private Answer Checked(HttpListenerRequest request, string key, byte[] body)
    {
        if (request.Headers["Authorization"]?.StartsWith("AWS4-HMAC-SHA256 Credential=", StringComparison.Ordinal) != true) return Error(403, "AccessDenied");
        if (request.Headers["x-amz-content-sha256"] is { } signed && signed != Convert.ToHexStringLower(SHA256.HashData(body))) return Error(400, "XAmzContentSHA256Mismatch");
        if (request.Headers["x-amz-checksum-sha256"] is { } sum && sum != Convert.ToBase64String(SHA256.HashData(body))) return Error(400, "BadDigest");
        string? upload = request.QueryString["uploadId"];
        if (upload is not null && !_uploads.ContainsKey(upload)) return Error(404, "NoSuchUpload");
        return (request.HttpMethod, upload) switch
        {
            ("GET", _) when key.Length == 0 => List(request.QueryString["prefix"] ?? "", request.QueryString["continuation-token"]),
            ("GET", _) => Get(request, key),
            ("PUT", { } id) => PutPart(id, int.Parse(request.QueryString["partNumber"]!, CultureInfo.InvariantCulture), body),
            ("PUT", _) => Put(key, body),
            ("POST", { } id) => Complete(id, key, body),
            ("POST", _) => Begin(key),
            ("DELETE", { } id) => Abort(id),
            ("DELETE", _) => Delete(key),
            _ => Error(405, "MethodNotAllowed"),
        };
    }

    private Answer List(string prefix, string? after)
    {
        var keys = Objects.Keys.Where(k => k.StartsWith(prefix, StringComparison.Ordinal) && string.CompareOrdinal(k, after ?? "") > 0).Order(StringComparer.Ordinal).ToArray();
        var page = keys.Take(PageLength).Where(Objects.ContainsKey);
        return Xml(new XElement(
            Xmlns + "ListBucketResult", new XElement(Xmlns + "Name", Bucket), new XElement(Xmlns + "Prefix", prefix), new XElement(Xmlns + "IsTruncated", keys.Length > PageLength),
            keys.Length > PageLength ? new XElement(Xmlns + "NextContinuationToken", keys[PageLength - 1]) : null,
            page.Select(k => new XElement(
                Xmlns + "Contents", new XElement(Xmlns + "Key", k), new XElement(Xmlns + "LastModified", "2026-01-02T03:04:05.678Z"), new XElement(Xmlns + "ETag", ETag(Objects[k])), new XElement(Xmlns + "Size", Objects[k].Length)))));
    }

    private Answer Get(HttpListenerRequest request, string key)
    {
        if (!Objects.TryGetValue(key, out var all)) return Error(404, "NoSuchKey");
        if (request.Headers["If-Match"] is { } match && match != ETag(all)) return Error(412, "PreconditionFailed");
        Dictionary<string, string> headers = new() { ["ETag"] = ETag(all), ["Last-Modified"] = "Fri, 02 Jan 2026 03:04:05 GMT" };
        if (request.Headers["Range"] is not { } range) return new(200, all.ToArray(), headers);
        long[] ends = [.. range["bytes=".Length..].Split('-').Select(n => long.Parse(n, CultureInfo.InvariantCulture))];
        if (ends[0] >= all.Length) return Error(416, "InvalidRange");
        int last = (int)Math.Min(ends[1], all.Length - 1);
        headers["Content-Range"] = $"bytes {ends[0]}-{last}/{all.Length}";
        return new(206, all[(int)ends[0]..(last + 1)], headers);
    }

    private Answer Put(string key, byte[] body)
    {
        Objects[key] = body;
        return new(200, [], new() { ["ETag"] = ETag(body) });
    }

    private Answer Begin(string key)
    {
        string id = $"upload-{Interlocked.Increment(ref _ids)}";
        _uploads[id] = new();
        return Xml(new XElement(Xmlns + "InitiateMultipartUploadResult", new XElement(Xmlns + "Bucket", Bucket), new XElement(Xmlns + "Key", key), new XElement(Xmlns + "UploadId", id)));
    }

    private Answer PutPart(string id, int number, byte[] body)
    {
        _uploads[id][number] = body;
        return new(200, [], new() { ["ETag"] = ETag(body) });
    }

    private Answer Complete(string id, string key, byte[] body)
    {
        var there = _uploads[id];
        var told = XDocument.Parse(System.Text.Encoding.UTF8.GetString(body)).Root!.Elements().Select(p => p.Elements().ToDictionary(e => e.Name.LocalName, e => e.Value)).ToArray();
        foreach (var part in told)
        {
            if (!there.TryGetValue(int.Parse(part["PartNumber"], CultureInfo.InvariantCulture), out var content) || part["ETag"].Trim('"') != ETag(content).Trim('"')
                || part["ChecksumSHA256"] != Convert.ToBase64String(SHA256.HashData(content))) return Error(400, "InvalidPart");
        }

        int[] numbers = [.. told.Select(p => int.Parse(p["PartNumber"], CultureInfo.InvariantCulture))];
        if (!numbers.SequenceEqual(numbers.Order())) return Error(400, "InvalidPartOrder");
        if (numbers.SkipLast(1).Any(n => there[n].Length < 5 << 20)) return Error(400, "EntityTooSmall");
        Objects[key] = [.. numbers.SelectMany(n => there[n])];
        _uploads.TryRemove(id, out _);
        return Xml(new XElement(Xmlns + "CompleteMultipartUploadResult", new XElement(Xmlns + "Key", key), new XElement(Xmlns + "ETag", ETag(Objects[key]))));
    }

    private Answer Abort(string id)
    {
        _uploads.TryRemove(id, out _);
        return new(204, [], []);
    }

    private Answer Delete(string key)
    {
        Objects.TryRemove(key, out _);
        return new(204, [], []);
    }

    private static string ETag(byte[] content) => $"\"{Convert.ToHexStringLower(SHA256.HashData(content))[..32]}\"";

    private static Answer Xml(XElement root) => new(200, System.Text.Encoding.UTF8.GetBytes(root.ToString()), new() { ["Content-Type"] = "application/xml" });

    private static Answer Error(int status, string code) => new(
        status, System.Text.Encoding.UTF8.GetBytes(new XElement("Error", new XElement("Code", code), new XElement("Message", $"the server says {code}."), new XElement("RequestId", "1")).ToString()), new() { ["Content-Type"] = "application/xml" });

    private sealed record Answer(int Status, byte[] Body, Dictionary<string, string> Headers);
}
