using System.Net.ServerSentEvents;
using System.Text.Json;
using Parcae.Grains;
using Xunit;

namespace Parcae.Silo.Tests.Api;

public sealed class StreamTests
{
    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_jobs_stream_has_each_event_once_its_status_and_an_end()
    {
        await using var api = await ApiService.WithTokensAsync();
        string job = await api.JobAsync();
        using var client = api.Client(ApiRole.Viewer);
        var items = new List<SseItem<string>>();
        await foreach (var item in Read(client, $"/api/v1/jobs/{job}/stream"))
        {
            items.Add(item);
            if (item.EventType == "status" && Json(item).GetProperty("phase").GetString() == "paused") await api.Grains.GetGrain<IJobGrain>(job).Cancel();
        }

        Assert.Equal("end", items[^1].EventType);
        Assert.Equal("cancelled", Json(items[^1]).GetProperty("phase").GetString());
        var all = await api.Grains.GetGrain<IJobGrain>(job).Events(0);
        Assert.Equal(all.Select(e => ($"{e.Sequence}", e.Message)), items.Where(i => i.EventType == "event").Select(i => (i.EventId!, Json(i).GetProperty("message").GetString()!)));
        // A status that is as the last one is not sent again.
        string[] statuses = [.. items.Where(i => i.EventType == "status").Select(i => i.Data)];
        Assert.Equal(statuses.Length, statuses.Distinct().Count());
    }

    [Fact]
    public async Task A_stream_goes_on_after_the_event_that_the_reader_has_seen_last()
    {
        await using var api = await ApiService.WithTokensAsync();
        string job = await api.JobAsync();
        await api.Grains.GetGrain<IJobGrain>(job).Cancel();
        using var client = api.Client(ApiRole.Viewer);
        client.DefaultRequestHeaders.Add("Last-Event-ID", "1");
        var items = new List<SseItem<string>>();
        await foreach (var item in Read(client, $"/api/v1/jobs/{job}/stream")) items.Add(item);
        var all = await api.Grains.GetGrain<IJobGrain>(job).Events(1);
        Assert.NotEmpty(all);
        Assert.Equal(all.Select(e => $"{e.Sequence}"), items.Where(i => i.EventType == "event").Select(i => i.EventId!));

        client.DefaultRequestHeaders.Remove("Last-Event-ID");
        client.DefaultRequestHeaders.Add("Last-Event-ID", "x1");
        using var wrong = await client.GetAsync($"/api/v1/jobs/{job}/stream", Stop);
        Assert.Equal("Last-Event-ID: 'x1' is not valid; it must be the number of an event, at least 0.", (await ApiService.ProblemAsync(wrong)).GetProperty("detail").GetString());
    }

    [Fact]
    public async Task A_fleets_stream_has_its_instances_its_jobs_and_its_log()
    {
        await using var api = await ApiService.WithTokensAsync();
        using var client = api.Client(ApiRole.Viewer);
        string? joined = null, job = null;
        await foreach (var item in Read(client, "/api/v1/stream"))
        {
            if (item.EventType == "fleet" && joined is null) joined = await api.InstanceAsync();
            if (item.EventType == "availability" && Json(item).GetProperty("instanceId").GetString() == joined) job ??= await api.JobAsync();
            if (item.EventType == "jobs" && job is not null && Json(item).EnumerateArray().Any(j => j.GetProperty("jobId").GetString() == job)) break;
        }

        var last = (await api.Fleet.ReadLog(0, 1000)).Last(e => e.InstanceId == joined);
        await foreach (var item in Read(client, $"/api/v1/stream?after={last.Sequence - 1}"))
        {
            Assert.Equal(("availability", $"{last.Sequence}"), (item.EventType, item.EventId));
            break;
        }
    }

    [Fact]
    public async Task A_host_that_stops_ends_its_streams()
    {
        var api = await ApiService.WithTokensAsync();
        using var client = api.Client(ApiRole.Viewer);
        var begun = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var reading = Task.Run(async () =>
        {
            await foreach (var _ in Read(client, "/api/v1/stream")) begun.TrySetResult();
        }, Stop);
        await Task.WhenAny(begun.Task, reading).WaitAsync(Stop);
        Assert.False(reading.IsCompleted, "The stream ended before it had begun.");
        await api.DisposeAsync().AsTask().WaitAsync(Patience.Long, Stop);
        await reading.WaitAsync(Patience.Long, Stop);
    }

    private static async IAsyncEnumerable<SseItem<string>> Read(HttpClient client, string path)
    {
        using var response = await client.GetAsync(path, HttpCompletionOption.ResponseHeadersRead, Stop);
        Assert.True(response.IsSuccessStatusCode, $"{response.StatusCode}");
        Assert.Equal("text/event-stream", response.Content.Headers.ContentType?.MediaType);
        using var patience = CancellationTokenSource.CreateLinkedTokenSource(Stop);
        patience.CancelAfter(Patience.Long);
        await foreach (var item in SseParser.Create(await response.Content.ReadAsStreamAsync(patience.Token)).EnumerateAsync(patience.Token)) yield return item;
    }

    private static JsonElement Json(SseItem<string> item) => JsonDocument.Parse(item.Data).RootElement;
}
