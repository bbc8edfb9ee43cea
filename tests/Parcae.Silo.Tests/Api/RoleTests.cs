using System.Net;
using System.Net.Http.Headers;
using System.Text;
using Xunit;

namespace Parcae.Silo.Tests.Api;

/// <summary>Every operation by every role, through the real server.</summary>
public sealed class RoleTests(ServiceWithTokens service) : IClassFixture<ServiceWithTokens>
{
    /// <summary>Method, path, and the least role; J is a job, I an instance. In the order of the document.</summary>
    private static readonly (string Method, string Path, ApiRole Role)[] Operations =
    [
        ("GET", "me", ApiRole.Viewer),
        ("GET", "jobs", ApiRole.Viewer),
        ("GET", "jobs/J", ApiRole.Viewer),
        ("GET", "jobs/J/spec", ApiRole.Viewer),
        ("GET", "jobs/J/history", ApiRole.Viewer),
        ("GET", "jobs/J/events", ApiRole.Viewer),
        ("GET", "jobs/J/generations", ApiRole.Viewer),
        ("GET", "jobs/J/series", ApiRole.Viewer),
        ("GET", "jobs/J/stream", ApiRole.Viewer),
        ("GET", "fleet", ApiRole.Viewer),
        ("GET", "fleet/events", ApiRole.Viewer),
        ("GET", "stream", ApiRole.Viewer),
        ("POST", "jobs", ApiRole.Submitter),
        ("POST", "jobs/J/pause", ApiRole.Submitter),
        ("POST", "jobs/J/resume", ApiRole.Submitter),
        ("POST", "jobs/J/cancel", ApiRole.Submitter),
        ("POST", "jobs/J/finish", ApiRole.Admin),
        ("POST", "fleet/instances/I/drain", ApiRole.Admin),
    ];

    /// <summary>What takes no role, or has a test of its own, since it takes a job that has trained.</summary>
    private static readonly string[] Others = ["GET session", "POST session", "DELETE session", "GET jobs/{id}/generations/{number}"];

    public static TheoryData<string, string, ApiRole?, HttpStatusCode> Table
    {
        get
        {
            var table = new TheoryData<string, string, ApiRole?, HttpStatusCode>();
            foreach (var (method, path, needed) in Operations)
            {
                foreach (ApiRole? role in (ApiRole?[])[null, ApiRole.Viewer, ApiRole.Submitter, ApiRole.Admin])
                {
                    var good = (method, path) == ("POST", "jobs") ? HttpStatusCode.Created : HttpStatusCode.OK;
                    table.Add(method, path, role, role is null ? HttpStatusCode.Unauthorized : role < needed ? HttpStatusCode.Forbidden : good);
                }
            }

            return table;
        }
    }

    [Theory]
    [MemberData(nameof(Table))]
    public async Task A_role_may_do_what_it_may_and_nothing_else(string method, string path, ApiRole? role, HttpStatusCode expected)
    {
        var stop = TestContext.Current.CancellationToken;
        string job = await service.Api.JobAsync(), instance = await service.Api.InstanceAsync();
        using var client = service.Api.Client(role);
        string place = string.Join('/', path.Split('/').Select(part => part switch { "J" => job, "I" => instance, _ => part }));
        using var request = new HttpRequestMessage(new HttpMethod(method), $"/api/v1/{place}");
        if (path == "jobs" && method == "POST") request.Content = new StringContent(ApiService.Document, Encoding.UTF8, "application/yaml");

        using var response = await client.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, stop);

        Assert.Equal(expected, response.StatusCode);
        if (expected == HttpStatusCode.Unauthorized)
        {
            Assert.Equal(new AuthenticationHeaderValue("Bearer", "realm=\"parcae\""), response.Headers.WwwAuthenticate.Single());
            Assert.Equal("There is no token. Send one: 'Authorization: Bearer TOKEN'.", (await ApiService.ProblemAsync(response)).GetProperty("detail").GetString());
        }
        else if (expected == HttpStatusCode.Forbidden)
        {
            var needed = Operations.Single(o => o.Method == method && o.Path == path).Role;
            string detail = (await ApiService.ProblemAsync(response)).GetProperty("detail").GetString()!;
            Assert.Equal($"The token of '{ApiService.Tokens[(int)role!.Value].Name}' has the role {$"{role}".ToLowerInvariant()}; this takes the role {$"{needed}".ToLowerInvariant()}.", detail);
        }
    }

    [Fact]
    public async Task The_table_has_every_operation_of_the_document()
    {
        using var client = service.Api.Client();
        using var document = await System.Text.Json.JsonDocument.ParseAsync(await client.GetStreamAsync("/api/v1/openapi.json", TestContext.Current.CancellationToken), default, TestContext.Current.CancellationToken);
        var inDocument = document.RootElement.GetProperty("paths").EnumerateObject()
            .SelectMany(path => path.Value.EnumerateObject().Select(o => $"{o.Name.ToUpperInvariant()} {path.Name["/api/v1/".Length..]}"));
        var here = Operations.Select(o => $"{o.Method} {o.Path.Replace("/J", "/{id}", StringComparison.Ordinal).Replace("/I", "/{id}", StringComparison.Ordinal)}").Concat(Others);
        Assert.Equal(here.Order(StringComparer.Ordinal), inDocument.Order(StringComparer.Ordinal));
    }
}
