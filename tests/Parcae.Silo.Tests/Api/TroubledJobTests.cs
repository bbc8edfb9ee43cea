using System.Net;
using System.Net.Http.Json;
using System.Net.ServerSentEvents;
using System.Text.Json;
using Parcae.Grains;
using Xunit;

namespace Parcae.Silo.Tests.Api;

public sealed class TroubledJobTests
{
    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_job_that_cannot_be_asked_hides_no_other_and_one_that_was_never_there_is_left_out()
    {
        await using var api = await ApiService.WithTokensAsync();
        string[] ids = [await api.JobAsync(), await api.JobAsync(), await api.JobAsync(), await api.JobAsync()];
        await api.Grains.GetGrain<IJobDirectoryGrain>(ParcaeNames.DefaultFleet).Add("interrupted");
        var newer = new StateTooNewException($"job '{ids[1]}'", 9, 3);
        var hung = new TaskCompletionSource();
        api.Trouble[ids[1]] = Task.FromException(newer);
        api.Trouble[ids[2]] = Task.FromException(new OrleansException("lost"));
        api.Trouble[ids[3]] = hung.Task;
        using var client = api.Client(ApiRole.Viewer);

        var listed = await client.GetFromJsonAsync<JsonElement>("/api/v1/jobs", Stop);
        Assert.Equal(
            [
                (ids[3], "unknown", "its grain has not answered for 2 s"),
                (ids[2], "unknown", "its grain did not answer (OrleansException)"),
                (ids[1], "unknown", newer.Message),
            ],
            listed.EnumerateArray().Take(3).Select(Line));
        Assert.Equal((ids[0], false), (Line(listed[3]).Id, Line(listed[3]).Phase == "unknown"));
        Assert.Equal(4, listed.GetArrayLength());

        using (var one = await client.GetAsync($"/api/v1/jobs/{ids[1]}", Stop))
            Assert.Equal((HttpStatusCode.ServiceUnavailable, newer.Message), (one.StatusCode, (await ApiService.ProblemAsync(one)).GetProperty("detail").GetString()));

        // The fleet's stream has them as the list does, and sees when they are well again.
        using var response = await client.GetAsync("/api/v1/stream", HttpCompletionOption.ResponseHeadersRead, Stop);
        var seen = new List<string>();
        await foreach (var item in SseParser.Create(await response.Content.ReadAsStreamAsync(Stop)).EnumerateAsync(Stop))
        {
            if (item.EventType != "jobs") continue;
            seen = [.. JsonDocument.Parse(item.Data).RootElement.EnumerateArray().Select(j => Line(j).Phase)];
            if (seen.Count(p => p == "unknown") == 3) api.Trouble.Clear();
            hung.TrySetResult();
            if (!seen.Contains("unknown")) break;
        }

        Assert.Equal(4, seen.Count);

        static (string Id, string Phase, string? Reason) Line(JsonElement j) => (j.GetProperty("jobId").GetString()!, j.GetProperty("phase").GetString()!, j.GetProperty("reason").GetString());
    }
}
