using System.Net;

namespace Parcae.Benchmarks.Telemetry;

/// <summary>Takes whatever is sent over OTLP, counts it and drops it: a collector that costs next to nothing.</summary>
internal sealed class TelemetrySink : IAsyncDisposable
{
    private readonly HttpListener _listener = new();
    private readonly Task _loop;
    private long _requests, _bytes;

    public TelemetrySink(int port)
    {
        Endpoint = $"http://127.0.0.1:{port}";
        _listener.Prefixes.Add($"{Endpoint}/");
        _listener.Start();
        _loop = TakeAsync();
    }

    public string Endpoint { get; }

    /// <summary>Requests so far.</summary>
    public long Requests => Interlocked.Read(ref _requests);

    /// <summary>Bytes so far.</summary>
    public long Bytes => Interlocked.Read(ref _bytes);

    public async ValueTask DisposeAsync()
    {
        _listener.Stop();
        await _loop;
        _listener.Close();
    }

    private async Task TakeAsync()
    {
        byte[] buffer = new byte[1 << 16];
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

            int read;
            while ((read = await context.Request.InputStream.ReadAsync(buffer)) > 0) Interlocked.Add(ref _bytes, read);
            Interlocked.Increment(ref _requests);
            context.Response.ContentType = "application/x-protobuf";
            context.Response.Close();
        }
    }
}
