using System.Net.ServerSentEvents;
using System.Text.Json;
using Microsoft.AspNetCore.Http.Json;
using Microsoft.Extensions.Options;

namespace Parcae.Silo.Api.Streams;

/// <summary>Of what is looked at again and again, what has changed.</summary>
internal sealed class Changes(IOptions<JsonOptions> json, TimeProvider time)
{
    private static readonly TimeSpan Silence = TimeSpan.FromSeconds(15);

    private readonly Dictionary<string, byte[]> _last = [];
    private long _saidAt = time.GetTimestamp();

    /// <summary>An item if the value is another than last time.</summary>
    public SseItem<object>? Of(string type, object value)
    {
        byte[] text = JsonSerializer.SerializeToUtf8Bytes(value, json.Value.SerializerOptions);
        if (_last.TryGetValue(type, out byte[]? before) && before.AsSpan().SequenceEqual(text)) return null;
        _last[type] = text;
        return Say(new SseItem<object>(value, type));
    }

    /// <summary>An item that has a number.</summary>
    public SseItem<object> Numbered(string type, object value, long number) => Say(new SseItem<object>(value, type) { EventId = $"{number}" });

    /// <summary>An item that only shows that the connection lives, when nothing has been said for a while; else null.</summary>
    public SseItem<object>? Ping() => time.GetElapsedTime(_saidAt) < Silence ? null : Say(new SseItem<object>(new { }, "ping"));

    private SseItem<object> Say(SseItem<object> item)
    {
        _saidAt = time.GetTimestamp();
        return item;
    }
}
