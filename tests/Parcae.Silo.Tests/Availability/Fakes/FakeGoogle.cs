using Microsoft.AspNetCore.Http;

namespace Parcae.Silo.Tests.Availability.Fakes;

/// <summary>Compute Engine's metadata server: 403 without <c>Metadata-Flavor: Google</c>; with <c>wait_for_change</c> it answers when the value's tag is another than <c>last_etag</c>, or after <c>timeout_sec</c>.</summary>
internal sealed class FakeGoogle
{
    private readonly Dictionary<string, (string Value, int Tag)> _values = new() { ["preempted"] = ("FALSE", 1), ["maintenance-event"] = ("NONE", 1) };
    private TaskCompletionSource _changed = new();

    /// <summary>What the answers say they are from; null: nothing.</summary>
    public string? Flavor { get; set; } = "Google";

    /// <summary>Ends every wait as if its time were over.</summary>
    public void EndWaits()
    {
        lock (_values)
        {
            _changed.SetResult();
            _changed = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        }
    }

    /// <summary>Changes a value.</summary>
    public void Set(string key, string value)
    {
        lock (_values) _values[key] = (value, _values[key].Tag + 1);
        EndWaits();
    }

    public async Task Answer(HttpContext context)
    {
        if (context.Request.Headers["Metadata-Flavor"] != "Google")
        {
            context.Response.StatusCode = 403;
            return;
        }

        if (Flavor is not null) context.Response.Headers["Metadata-Flavor"] = Flavor;
        string key = context.Request.Path.Value!["/computeMetadata/v1/instance/".Length..];
        var query = context.Request.Query;
        Task changed;
        (string Value, int Tag) now;
        lock (_values)
        {
            if (!_values.TryGetValue(key, out now))
            {
                context.Response.StatusCode = 404;
                return;
            }

            changed = _changed.Task;
        }

        if (query["wait_for_change"] == "true" && (!query.TryGetValue("last_etag", out var last) || last == Tag(now.Tag)))
        {
            await changed.WaitAsync(context.RequestAborted).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            lock (_values) now = _values[key];
        }

        context.Response.Headers.ETag = Tag(now.Tag);
        await context.Response.WriteAsync(now.Value);
    }

    // As Google's are: hexadecimal, without quotes.
    private static string Tag(int tag) => $"{tag:x16}";
}
