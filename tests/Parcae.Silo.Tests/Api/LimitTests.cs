using System.Net;
using System.Text;
using Xunit;

namespace Parcae.Silo.Tests.Api;

public sealed class LimitTests
{
    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Who_asks_too_much_is_told_when_to_come_back_and_others_are_none_the_worse_for_it()
    {
        await using var api = await ApiService.WithTokensAsync(o => o.RequestsPerSecond = 0.5);
        using var busy = api.Client(ApiRole.Viewer);
        for (int i = 0; i < 5; i++)
        {
            using var good = await busy.GetAsync("/api/v1/fleet", Stop);
            Assert.Equal(HttpStatusCode.OK, good.StatusCode);
        }

        using var refused = await busy.GetAsync("/api/v1/fleet", Stop);
        Assert.Equal(HttpStatusCode.TooManyRequests, refused.StatusCode);
        double after = refused.Headers.RetryAfter!.Delta!.Value.TotalSeconds;
        Assert.InRange(after, 1, 2);
        Assert.Equal($"There are too many requests of this caller. Try again in {after} s.", (await ApiService.ProblemAsync(refused)).GetProperty("detail").GetString());
        using var other = api.Client(ApiRole.Submitter);
        using var answered = await other.GetAsync("/api/v1/fleet", Stop);
        Assert.Equal(HttpStatusCode.OK, answered.StatusCode);
    }

    [Fact]
    public async Task A_body_that_is_too_large_is_refused()
    {
        await using var api = await ApiService.WithTokensAsync(o => o.BodyBytes = 2048);
        using var client = api.Client(ApiRole.Submitter);
        using var refused = await client.PostAsync("/api/v1/jobs", new StringContent($"# {new string('x', 4096)}\n{ApiService.Document}", Encoding.UTF8, "application/yaml"), Stop);
        Assert.Equal(HttpStatusCode.RequestEntityTooLarge, refused.StatusCode);
        Assert.Contains("2048 bytes", (await ApiService.ProblemAsync(refused)).GetProperty("detail").GetString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_caller_has_so_many_streams_at_once_and_another_one_when_it_closes_one()
    {
        await using var api = await ApiService.WithTokensAsync(o => o.Streams = 2);
        using var client = api.Client(ApiRole.Viewer);
        var open = new List<HttpResponseMessage>();
        for (int i = 0; i < 2; i++) open.Add(await client.GetAsync("/api/v1/stream", HttpCompletionOption.ResponseHeadersRead, Stop));
        Assert.All(open, o => Assert.Equal(HttpStatusCode.OK, o.StatusCode));
        using var refused = await client.GetAsync("/api/v1/stream", HttpCompletionOption.ResponseHeadersRead, Stop);
        Assert.Equal((HttpStatusCode.TooManyRequests, "There are too many open streams of this caller."), (refused.StatusCode, (await ApiService.ProblemAsync(refused)).GetProperty("detail").GetString()));

        open[0].Dispose();
        HttpStatusCode again;
        do
        {
            using var response = await client.GetAsync("/api/v1/stream", HttpCompletionOption.ResponseHeadersRead, Stop);
            again = response.StatusCode;
        }
        while (again == HttpStatusCode.TooManyRequests && !Stop.IsCancellationRequested);
        Assert.Equal(HttpStatusCode.OK, again);
        open[1].Dispose();
    }
}
