using System.Net;
using System.Net.Http.Headers;
using System.Net.Http.Json;
using System.Text;
using System.Text.Json;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Options;
using Microsoft.Extensions.Time.Testing;
using Parcae.Silo.Api.Access;
using Xunit;

namespace Parcae.Silo.Tests.Api;

/// <summary>Tokens, sessions, and services without tokens.</summary>
public sealed class AccessTests
{
    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_token_that_is_not_known_is_refused_and_no_token_is_ever_logged()
    {
        await using var api = await ApiService.WithTokensAsync();
        foreach (var (header, detail) in ((string, string)[])[
            ("Bearer not-a-token-0123456789", "The token is not known."), ("Basic dmVyYTp2aWV3ZXI=", "The Authorization header must be 'Bearer TOKEN'."), ("Bearer", "The Authorization header must be 'Bearer TOKEN'.")])
        {
            using var client = api.Client();
            client.DefaultRequestHeaders.TryAddWithoutValidation("Authorization", header);
            using var refused = await client.GetAsync("/api/v1/jobs", Stop);
            Assert.Equal(HttpStatusCode.Unauthorized, refused.StatusCode);
            Assert.Equal(detail, (await ApiService.ProblemAsync(refused)).GetProperty("detail").GetString());
        }

        using var known = api.Client(ApiRole.Admin);
        using var answered = await known.GetAsync("/api/v1/jobs", Stop);
        Assert.Equal(HttpStatusCode.OK, answered.StatusCode);
        // The server logs requests at the level Trace, so there is something to be found.
        Assert.Contains("/api/v1/jobs", api.Log.Text, StringComparison.Ordinal);
        Assert.DoesNotContain("not-a-token-0123456789", api.Log.Text, StringComparison.Ordinal);
        Assert.All(ApiService.Tokens, t => Assert.DoesNotContain(t.Secret, api.Log.Text, StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_browser_that_logs_in_has_a_cookie_in_place_of_the_token_until_it_logs_out()
    {
        await using var api = await ApiService.WithTokensAsync();
        using var client = api.Client();
        using var login = await client.PostAsJsonAsync("/api/v1/session", new { token = ApiService.Tokens[1].Secret }, Stop);
        Assert.Equal("submitter", (await login.Content.ReadFromJsonAsync<JsonElement>(Stop)).GetProperty("role").GetString());
        string cookie = login.Headers.GetValues("Set-Cookie").Single();
        Assert.Contains("; path=/; samesite=strict; httponly", cookie, StringComparison.OrdinalIgnoreCase);
        Assert.DoesNotContain(ApiService.Tokens[1].Secret, cookie, StringComparison.Ordinal);

        string session = cookie.Split(';')[0];
        string job = await api.JobAsync();
        Assert.Equal(HttpStatusCode.OK, await Send(HttpMethod.Get, $"jobs/{job}", session));
        Assert.Equal(HttpStatusCode.OK, await Send(HttpMethod.Post, $"jobs/{job}/pause", session, api.Address.GetLeftPart(UriPartial.Authority)));
        Assert.Equal(HttpStatusCode.Forbidden, await Send(HttpMethod.Post, $"jobs/{job}/finish", session));
        Assert.Equal(HttpStatusCode.Unauthorized, await Send(HttpMethod.Get, $"jobs/{job}", session[..^3] + "AAA"));
        Assert.Equal(HttpStatusCode.Unauthorized, await Send(HttpMethod.Get, $"jobs/{job}", session.Replace("sam", "ada", StringComparison.Ordinal)));

        using var logout = await client.DeleteAsync("/api/v1/session", Stop);
        Assert.Contains($"{Sessions.Cookie}=; expires=Thu, 01 Jan 1970", logout.Headers.GetValues("Set-Cookie").Single(), StringComparison.Ordinal);

        async Task<HttpStatusCode> Send(HttpMethod method, string path, string cookie, string? origin = null)
        {
            using var request = new HttpRequestMessage(method, $"/api/v1/{path}");
            request.Headers.Add("Cookie", cookie);
            if (origin is not null) request.Headers.Add("Origin", origin);
            using var response = await client.SendAsync(request, Stop);
            return response.StatusCode;
        }
    }

    [Fact]
    public async Task Guessing_at_the_login_is_slow()
    {
        await using var api = await ApiService.WithTokensAsync();
        using var client = api.Client();
        var answers = new List<HttpStatusCode>();
        for (int i = 0; i < 11; i++)
        {
            using var response = await client.PostAsJsonAsync("/api/v1/session", new { token = $"guess-{i}-0123456789" }, Stop);
            answers.Add(response.StatusCode);
        }

        Assert.Equal([.. Enumerable.Repeat(HttpStatusCode.Unauthorized, 10), HttpStatusCode.TooManyRequests], answers);
    }

    [Fact]
    public void A_session_ends_with_its_time_and_with_its_token()
    {
        var time = new FakeTimeProvider();
        var options = Options.Create(new ParcaeApiOptions { Tokens = { ApiService.Tokens[1] } });
        var context = new DefaultHttpContext();
        var sessions = new Sessions(new Callers(options), options, time);
        sessions.Begin(context, ApiService.Tokens[1]);
        string cookie = Uri.UnescapeDataString(context.Response.Headers.SetCookie.ToString().Split(';')[0].Split('=', 2)[1]);

        Assert.Equal("sam", sessions.Find(cookie)?.Name);
        foreach (var other in (ApiToken[])[new() { Name = "sam", Role = ApiRole.Submitter, Secret = "another-0123456789" }, new() { Name = "sam", Role = ApiRole.Admin, Secret = ApiService.Tokens[1].Secret }])
        {
            var changed = Options.Create(new ParcaeApiOptions { Tokens = { other } });
            Assert.Null(new Sessions(new Callers(changed), changed, time).Find(cookie));
        }

        time.Advance(options.Value.SessionLength);
        Assert.Null(sessions.Find(cookie));
    }

    [Theory]
    [InlineData("127.0.0.1", "127.0.0.1:8080", null, true)]
    [InlineData("127.0.0.1", "localhost", null, true)]
    [InlineData("::1", "[::1]:8080", null, true)]
    [InlineData("::ffff:127.0.0.1", "localhost:8080", null, true)]
    [InlineData("10.0.0.7", "localhost:8080", null, false)]
    [InlineData("127.0.0.1", "parcae.example:8080", null, false)]
    [InlineData("127.0.0.1", "localhost", "X-Forwarded-For", false)]
    [InlineData("127.0.0.1", "localhost", "Forwarded", false)]
    public void A_caller_is_local_by_its_address_by_the_name_it_asks_for_and_without_a_proxy(string from, string host, string? header, bool local)
    {
        var context = new DefaultHttpContext();
        context.Connection.RemoteIpAddress = IPAddress.Parse(from);
        context.Request.Host = new HostString(host);
        if (header is not null) context.Request.Headers[header] = "10.0.0.7";
        Assert.Equal(local, Origins.IsLocal(context));
    }

    [Fact]
    public async Task Without_tokens_this_machine_may_do_everything_and_nobody_else_anything()
    {
        await using var api = await ApiService.StartAsync(_ => { });
        using var client = api.Client();
        string job = await api.JobAsync();
        using var finish = await client.PostAsync($"/api/v1/jobs/{job}/finish", null, Stop);
        Assert.Equal(HttpStatusCode.OK, finish.StatusCode);

        client.DefaultRequestHeaders.Host = "parcae.example";
        using var foreign = await client.GetAsync($"/api/v1/jobs/{job}", Stop);
        Assert.Equal(HttpStatusCode.Forbidden, foreign.StatusCode);
        Assert.StartsWith("No token is configured, so the API answers callers on this machine alone", (await ApiService.ProblemAsync(foreign)).GetProperty("detail").GetString(), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("Origin", "http://evil.example", HttpStatusCode.Forbidden)]
    [InlineData("Origin", "null", HttpStatusCode.Forbidden)]
    [InlineData("Origin", "http://127.0.0.1:1", HttpStatusCode.Forbidden)]
    [InlineData("Sec-Fetch-Site", "cross-site", HttpStatusCode.Forbidden)]
    [InlineData("Sec-Fetch-Site", "same-site", HttpStatusCode.Forbidden)]
    [InlineData("Sec-Fetch-Site", "same-origin", HttpStatusCode.OK)]
    public async Task Another_sites_page_changes_nothing_even_where_no_token_is_needed(string header, string value, HttpStatusCode expected)
    {
        await using var api = await ApiService.StartAsync(_ => { });
        using var client = api.Client();
        client.DefaultRequestHeaders.Add(header, value);
        string job = await api.JobAsync();
        using var response = await client.PostAsync($"/api/v1/jobs/{job}/cancel", null, Stop);
        Assert.Equal(expected, response.StatusCode);
    }

    [Fact]
    public async Task A_submitter_submits_in_its_own_name_only()
    {
        await using var api = await ApiService.WithTokensAsync();
        using var client = api.Client(ApiRole.Submitter);
        using var own = await client.PostAsync("/api/v1/jobs?id=own", new StringContent(ApiService.Document, Encoding.UTF8, "application/yaml"), Stop);
        Assert.Equal(HttpStatusCode.Created, own.StatusCode);
        Assert.Equal("sam", (await client.GetFromJsonAsync<JsonElement>("/api/v1/jobs/own/spec", Stop)).GetProperty("sharing").GetProperty("submitter").GetString());

        using var others = await client.PostAsync("/api/v1/jobs", new StringContent(ApiService.Document + "\nsharing: { submitter: bob }", Encoding.UTF8, "application/yaml"), Stop);
        Assert.Equal(HttpStatusCode.BadRequest, others.StatusCode);
        Assert.Equal("sharing.submitter: 'bob' is not valid; it must be 'sam', whose token this is, or left out.", (await ApiService.ProblemAsync(others)).GetProperty("detail").GetString());
        using var admin = api.Client(ApiRole.Admin);
        using var allowed = await admin.PostAsync("/api/v1/jobs", new StringContent(ApiService.Document + "\nsharing: { submitter: bob }", Encoding.UTF8, "application/yaml"), Stop);
        Assert.Equal(HttpStatusCode.Created, allowed.StatusCode);
    }
}
