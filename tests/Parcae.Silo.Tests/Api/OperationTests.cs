using System.Net;
using System.Net.Http.Headers;
using System.Net.Http.Json;
using System.Text;
using System.Text.Json;
using Parcae.Grains;
using Xunit;

namespace Parcae.Silo.Tests.Api;

/// <summary>What the operations do, and what they say of what is wrong.</summary>
public sealed class OperationTests(ServiceWithTokens service) : IClassFixture<ServiceWithTokens>
{
    private readonly HttpClient _client = service.Api.Client(ApiRole.Admin);

    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData("application/yaml", ApiService.Document)]
    [InlineData("application/json; charset=utf-8", """{ "name": "small", "model": { "blocks": 2, "hidden": 16, "heads": 2, "sequenceLength": 16 }, "data": { "kind": "synthetic" }, "training": { "steps": 10, "globalBatch": 4, "microBatches": 2 } }""")]
    public async Task A_job_is_submitted_as_yaml_or_json_and_found_where_the_answer_says(string type, string text)
    {
        using var content = new StringContent(text);
        content.Headers.ContentType = MediaTypeHeaderValue.Parse(type);
        using var response = await _client.PostAsync("/api/v1/jobs", content, Stop);
        Assert.Equal(HttpStatusCode.Created, response.StatusCode);
        var job = await _client.GetFromJsonAsync<JsonElement>(response.Headers.Location, Stop);
        Assert.Equal(("small", 10), (job.GetProperty("name").GetString(), job.GetProperty("steps").GetInt32()));
        Assert.StartsWith("small-", job.GetProperty("jobId").GetString(), StringComparison.Ordinal);
        Assert.Equal(job.GetProperty("jobId").GetString(), (await Jobs())[0]);
    }

    [Fact]
    public async Task The_same_document_under_the_same_id_changes_nothing_and_another_one_is_refused()
    {
        Assert.Equal(HttpStatusCode.Created, (await Submit("twice", ApiService.Document)).StatusCode);
        Assert.Equal(HttpStatusCode.Created, (await Submit("twice", ApiService.Document)).StatusCode);
        Assert.Equal(1, (await Jobs()).Count(j => j == "twice"));
        using var other = await Submit("twice", ApiService.Document.Replace("steps: 10", "steps: 11", StringComparison.Ordinal));
        Assert.Equal((HttpStatusCode.BadRequest, "Job 'twice' exists with another spec; submit under another id."), (other.StatusCode, await Detail(other)));
    }

    [Fact]
    public async Task Every_problem_of_a_document_is_named_with_its_path_and_value()
    {
        using var response = await Submit(null, "name: bad\nmodel: { blocks: 0 }\ntraining: { globalBatch: 7, microBatches: 2, sped: 3 }\n");
        Assert.Equal(HttpStatusCode.BadRequest, response.StatusCode);
        string[] errors = [.. (await ApiService.ProblemAsync(response)).GetProperty("errors").EnumerateArray().Select(e => e.GetString()!)];
        Assert.Contains(errors, e => e.Contains("training.sped", StringComparison.Ordinal));
        using var next = await Submit(null, "name: bad\nmodel: { blocks: 0 }\ntraining: { globalBatch: 7, microBatches: 2 }\n");
        errors = [.. (await ApiService.ProblemAsync(next)).GetProperty("errors").EnumerateArray().Select(e => e.GetString()!)];
        Assert.Contains(errors, e => e.Contains("model.blocks: 0 is not valid; it must be from 1 to 1000.", StringComparison.Ordinal));
        Assert.Contains(errors, e => e.Contains("training.globalBatch: 7 is not valid", StringComparison.Ordinal));
    }

    [Theory]
    [InlineData("GET", "jobs/nobody", 404, "There is no job 'nobody'.")]
    [InlineData("GET", "jobs/nobody/stream", 404, "There is no job 'nobody'.")]
    [InlineData("POST", "jobs/nobody/cancel", 404, "There is no job 'nobody'.")]
    [InlineData("GET", "jobs?limit=0", 400, "limit: 0 is not valid; it must be from 1 to 500.")]
    [InlineData("GET", "jobs?before=nobody", 404, "before: fleet 'default' has no job 'nobody'.")]
    [InlineData("GET", "jobs/any/history?fromStep=-1", 400, "fromStep: -1 is not valid; it must be at least 0.")]
    [InlineData("GET", "jobs/any/events?after=-1", 400, "after: -1 is not valid; it must be at least 0.")]
    [InlineData("GET", "fleet/events?limit=5000", 400, "limit: 5000 is not valid; it must be from 1 to 1000.")]
    [InlineData("POST", "jobs?id=a%2Fb", 400, "id: 'a/b' is not valid; it must be 1 to 100 letters, digits, dots, dashes or underscores, the first a letter or a digit.")]
    [InlineData("POST", "fleet", 405, "POST is not for /api/v1/fleet; it takes GET.")]
    [InlineData("GET", "jobs?limit=many", 400, "Failed to bind parameter \"int limit\" from \"many\".")]
    [InlineData("GET", "no/such/thing", 404, "There is nothing at /api/v1/no/such/thing; /api/v1/openapi.json lists what there is.")]
    public async Task An_error_names_the_wrong_value(string method, string path, int status, string detail)
    {
        using var request = new HttpRequestMessage(new HttpMethod(method), $"/api/v1/{path}");
        if (method == "POST") request.Content = Yaml(ApiService.Document);
        using var response = await _client.SendAsync(request, Stop);
        Assert.Equal((status, detail), ((int)response.StatusCode, await Detail(response)));
    }

    [Fact]
    public async Task What_is_neither_json_nor_yaml_is_refused_by_its_type()
    {
        using var response = await _client.PostAsync("/api/v1/jobs", new StringContent("<job/>", Encoding.UTF8, "application/xml"), Stop);
        Assert.Equal((HttpStatusCode.UnsupportedMediaType, "Content-Type: 'application/xml; charset=utf-8' is not valid for /api/v1/jobs; /api/v1/openapi.json says what is."), (response.StatusCode, await Detail(response)));
    }

    [Fact]
    public async Task Jobs_are_listed_newest_first_and_page_by_page()
    {
        string[] made = ["p-1", "p-2", "p-3"];
        foreach (string id in made) Assert.Equal(HttpStatusCode.Created, (await Submit(id, ApiService.Document)).StatusCode);
        Assert.Equal(made.Reverse(), (await Jobs("limit=3")));
        Assert.Equal([made[1], made[0]], await Jobs($"limit=2&before={made[2]}"));
    }

    [Fact]
    public async Task A_job_is_paused_resumed_and_cancelled()
    {
        string job = await service.Api.JobAsync();
        Assert.True((await Change("pause")).GetProperty("pausedByUser").GetBoolean());
        Assert.False((await Change("resume")).GetProperty("pausedByUser").GetBoolean());
        Assert.True((await Change("cancel")).GetProperty("isEnding").GetBoolean());
        var events = await _client.GetFromJsonAsync<JobEvent[]>($"/api/v1/jobs/{job}/events", Stop);
        Assert.Equal(["the user asks: Pause", "the user asks: Run", "the user asks: Cancel"], events!.Select(e => e.Message).Where(m => m.StartsWith("the user asks", StringComparison.Ordinal)));

        async Task<JsonElement> Change(string verb)
        {
            using var response = await _client.PostAsync($"/api/v1/jobs/{job}/{verb}", null, Stop);
            response.EnsureSuccessStatusCode();
            return await response.Content.ReadFromJsonAsync<JsonElement>(Stop);
        }
    }

    [Fact]
    public async Task An_instance_is_drained_with_who_did_it_and_why()
    {
        string id = await service.Api.InstanceAsync();
        using var response = await _client.PostAsJsonAsync($"/api/v1/fleet/instances/{id}/drain", new { withinSeconds = 300 }, Stop);
        Assert.Equal(HttpStatusCode.OK, response.StatusCode);
        var fleet = await _client.GetFromJsonAsync<JsonElement>("/api/v1/fleet", Stop);
        Assert.Equal("draining", fleet.GetProperty("instances").EnumerateArray().Single(i => i.GetProperty("id").GetString() == id).GetProperty("phase").GetString());
        var log = await service.Api.Fleet.ReadLog(0, 1000);
        Assert.Equal("drained by ada", log.Single(e => e.InstanceId == id && e.Kind == AvailabilityKind.Noticed).Reason);

        using var unknown = await _client.PostAsync("/api/v1/fleet/instances/nobody/drain", null, Stop);
        Assert.Equal(HttpStatusCode.NotFound, unknown.StatusCode);
        Assert.Contains("nobody", await Detail(unknown), StringComparison.Ordinal);
        using var wrong = await _client.PostAsJsonAsync($"/api/v1/fleet/instances/{id}/drain", new { withinSeconds = -1 }, Stop);
        Assert.Equal((HttpStatusCode.BadRequest, "withinSeconds: -1 is not valid; it must be from 0 to 86400."), (wrong.StatusCode, await Detail(wrong)));
        using var misspelt = await _client.PostAsJsonAsync($"/api/v1/fleet/instances/{id}/drain", new { within = 1 }, Stop);
        Assert.Equal(HttpStatusCode.BadRequest, misspelt.StatusCode);
        Assert.Equal("The body is not valid: The JSON property 'within' could not be mapped to a field", await Detail(misspelt));
    }

    private static StringContent Yaml(string text) => new(text, Encoding.UTF8, "application/yaml");

    private static async Task<string?> Detail(HttpResponseMessage response) => (await ApiService.ProblemAsync(response)).GetProperty("detail").GetString();

    private Task<HttpResponseMessage> Submit(string? id, string text) => _client.PostAsync($"/api/v1/jobs{(id is null ? "" : $"?id={id}")}", Yaml(text), Stop);

    private async Task<string[]> Jobs(string query = "") =>
        [.. (await _client.GetFromJsonAsync<JsonElement>($"/api/v1/jobs?{query}", Stop)).EnumerateArray().Select(j => j.GetProperty("jobId").GetString()!)];
}
