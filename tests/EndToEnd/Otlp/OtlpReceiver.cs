using System.Net;

namespace Parcae.EndToEnd.Otlp;

/// <summary>A span as a process sent it; times in nanoseconds since 1970.</summary>
internal sealed record ReceivedSpan(
    string TraceId, string Id, string ParentId, string Name, long Start, long End, string Service, string Instance, IReadOnlyDictionary<string, string> Tags, string[] Links);

/// <summary>A log record.</summary>
internal sealed record ReceivedLog(string Body, string Service, string Instance, string TraceId, IReadOnlyDictionary<string, string> Tags);

/// <summary>A metric, as often as it was sent.</summary>
internal sealed record ReceivedMetric(string Name, string Unit, bool Exemplars);

/// <summary>Takes what processes send over OTLP (HTTP, Protocol Buffers) and keeps it: the receiving half of a collector.</summary>
internal sealed class OtlpReceiver : IAsyncDisposable
{
    private readonly HttpListener _listener = new();
    private readonly Task _loop;
    private readonly Lock _lock = new();
    private readonly List<ReceivedSpan> _spans = [];
    private readonly List<ReceivedLog> _logs = [];
    private readonly HashSet<ReceivedMetric> _metrics = [];

    public OtlpReceiver(int port)
    {
        Endpoint = $"http://127.0.0.1:{port}";
        _listener.Prefixes.Add($"{Endpoint}/");
        _listener.Start();
        _loop = ReceiveAsync();
    }

    public string Endpoint { get; }

    /// <summary>What makes a process, and whatever it starts, send here, soon.</summary>
    public Dictionary<string, string> Environment => new()
    {
        ["OTEL_EXPORTER_OTLP_ENDPOINT"] = Endpoint,
        ["OTEL_EXPORTER_OTLP_PROTOCOL"] = "http/protobuf",
        ["OTEL_BSP_SCHEDULE_DELAY"] = "200",
        ["OTEL_BLRP_SCHEDULE_DELAY"] = "200",
        ["OTEL_METRIC_EXPORT_INTERVAL"] = "1000",
    };

    public ReceivedSpan[] Spans
    {
        get { lock (_lock) return [.. _spans]; }
    }

    public ReceivedLog[] Logs
    {
        get { lock (_lock) return [.. _logs]; }
    }

    public ReceivedMetric[] Metrics
    {
        get { lock (_lock) return [.. _metrics]; }
    }

    public async ValueTask DisposeAsync()
    {
        _listener.Stop();
        await _loop;
        _listener.Close();
    }

    private async Task ReceiveAsync()
    {
        while (_listener.IsListening)
        {
            HttpListenerContext context;
            try
            {
                context = await _listener.GetContextAsync();
            }
            catch (Exception e) when (e is HttpListenerException or ObjectDisposedException && !_listener.IsListening)
            {
                return;
            }

            using var body = new MemoryStream();
            await context.Request.InputStream.CopyToAsync(body);
            Take(context.Request.Url!.AbsolutePath, body.ToArray());
            context.Response.ContentType = "application/x-protobuf";
            context.Response.Close();
        }
    }

    private void Take(string path, ReadOnlyMemory<byte> request)
    {
        lock (_lock)
        {
            foreach (var of in request.All(1))
            {
                var resource = Tags(of.Get(1).Bytes, 1);
                string service = resource.GetValueOrDefault("service.name", ""), instance = resource.GetValueOrDefault("service.instance.id", "");
                foreach (var item in of.All(2).SelectMany(scope => scope.All(2)))
                {
                    switch (path)
                    {
                        case "/v1/traces":
                            _spans.Add(new ReceivedSpan(
                                item.Get(1).Hex, item.Get(2).Hex, item.Get(4).Hex, item.Get(5).Text, (long)item.Get(7).Value, (long)item.Get(8).Value, service, instance,
                                Tags(item, 9), [.. item.All(13).Select(l => l.Get(1).Hex)]));
                            break;
                        case "/v1/logs":
                            _logs.Add(new ReceivedLog(item.Get(5).Bytes.Get(1).Text, service, instance, item.Get(9).Hex, Tags(item, 6)));
                            break;
                        case "/v1/metrics":
                            // A sum or a histogram has its points in field 1, and these their exemplars in 5 or 8.
                            var points = item.All(7).Select(s => (Points: s.All(1), Exemplars: 5)).Concat(item.All(9).Select(h => (Points: h.All(1), Exemplars: 8)));
                            _metrics.Add(new ReceivedMetric(item.Get(1).Text, item.Get(3).Text, points.Any(p => p.Points.Any(q => q.All(p.Exemplars).Any()))));
                            break;
                        default:
                            throw new InvalidDataException($"Nothing is received at {path}.");
                    }
                }
            }
        }
    }

    private static Dictionary<string, string> Tags(ReadOnlyMemory<byte> message, int field) => message.All(field)
        .GroupBy(tag => tag.Get(1).Text, tag => Value(tag.Get(2).Bytes))
        .ToDictionary(g => g.Key, g => g.Last());

    private static string Value(ReadOnlyMemory<byte> value) => ProtoFields.Read(value).FirstOrDefault() switch
    {
        { Number: 1 } text => text.Text,
        { Number: 4 } real => BitConverter.UInt64BitsToDouble(real.Value).ToString("R", System.Globalization.CultureInfo.InvariantCulture),
        { Number: 2 } truth => truth.Value != 0 ? "true" : "false",
        var other => $"{(long)other.Value}",
    };
}
