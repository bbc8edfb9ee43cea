using System.Net;
using System.Text.RegularExpressions;
using Parcae.Silo.Dashboard;
using Parcae.Silo.Tests.Api;
using Xunit;

namespace Parcae.Silo.Tests.Dashboard;

/// <summary>The page as it is served; what it does is tried in a browser elsewhere.</summary>
public sealed partial class PageTests
{
    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    [Fact]
    public void Every_file_that_a_file_of_the_page_names_is_there()
    {
        var files = new DashboardFiles();
        var seen = new HashSet<string> { "index.html" };
        var open = new Queue<string>(seen);
        while (open.TryDequeue(out string? path))
        {
            var file = files.Find(path);
            Assert.True(file is not null, $"{path} is named, but there is no such file.");
            if (!file.Type.StartsWith("text/", StringComparison.Ordinal)) continue;
            string text = System.Text.Encoding.UTF8.GetString(file.Content);
            // Nothing is loaded from elsewhere, and nothing inline runs: the page's policy would refuse both.
            Assert.DoesNotMatch(@"(src|href)=""https?:|url\(https?:|\son[a-z]+=""|style=""", text);
            var named = Absolute().Matches(text).Select(m => m.Groups[1].Value)
                .Concat(Relative().Matches(text).Select(m => new Uri(new Uri($"http://page/{path}"), m.Groups[1].Value).AbsolutePath[1..]));
            foreach (string next in named.Where(seen.Add)) open.Enqueue(next);
        }

        Assert.Contains("js/parts/timeline.js", seen);
    }

    [Fact]
    public async Task The_page_is_served_to_anybody_with_a_strict_policy_and_what_it_asks_for_is_not()
    {
        await using var api = await ApiService.WithTokensAsync(dashboard: true);
        using var client = api.Client();
        using var page = await client.GetAsync("/", Stop);
        Assert.Equal((HttpStatusCode.OK, "text/html"), (page.StatusCode, page.Content.Headers.ContentType?.MediaType));
        string policy = page.Headers.GetValues("Content-Security-Policy").Single();
        Assert.StartsWith("default-src 'none'; script-src 'self'; style-src 'self';", policy, StringComparison.Ordinal);
        Assert.DoesNotContain("unsafe", policy, StringComparison.Ordinal);
        using var again = new HttpRequestMessage(HttpMethod.Get, "/");
        again.Headers.IfNoneMatch.Add(page.Headers.ETag!);
        using var unchanged = await client.SendAsync(again, Stop);
        Assert.Equal(HttpStatusCode.NotModified, unchanged.StatusCode);
        using var missing = await client.GetAsync("/dashboard/js/none.js", Stop);
        Assert.Equal(HttpStatusCode.NotFound, missing.StatusCode);
        using var jobs = await client.GetAsync("/api/v1/jobs", Stop);
        Assert.Equal(HttpStatusCode.Unauthorized, jobs.StatusCode);
        Assert.Equal("""{"name":null,"role":null,"canLogIn":true,"onlyLocal":false,"onDemandPricePerHour":null}""", await client.GetStringAsync("/api/v1/session", Stop));
    }

    [Theory]
    [InlineData(null, HttpStatusCode.Unauthorized)]
    [InlineData(ApiRole.Viewer, HttpStatusCode.Forbidden)]
    [InlineData(ApiRole.Submitter, HttpStatusCode.Forbidden)]
    [InlineData(ApiRole.Admin, HttpStatusCode.OK)]
    public async Task The_orleans_dashboard_is_for_administrators(ApiRole? role, HttpStatusCode expected)
    {
        await using var api = await ApiService.WithTokensAsync(dashboard: true);
        using var client = api.Client(role);
        foreach (string path in (string[])["/orleans/", "/orleans/DashboardCounters", "/orleans/index.min.js"])
        {
            using var response = await client.GetAsync(path, Stop);
            Assert.Equal((path, expected), (path, response.StatusCode));
        }
    }

    [GeneratedRegex(@"[""'(]/dashboard/([A-Za-z0-9./-]+)")]
    private static partial Regex Absolute();

    [GeneratedRegex(@"from '(\.[A-Za-z0-9./-]+)'")]
    private static partial Regex Relative();
}
