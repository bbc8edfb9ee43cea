using System.Text.Json;
using System.Text.Json.Nodes;
using Parcae.Client.Tests;
using Xunit;

namespace Parcae.Silo.Tests.Api;

public sealed class DocumentTests(ServiceWithTokens service) : IClassFixture<ServiceWithTokens>
{
    private static readonly JsonSerializerOptions Readable = new() { WriteIndented = true, Encoder = System.Text.Encodings.Web.JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    /// <summary>A change of the API is seen, and meant: where it is, set the variable, and look at what has changed in the file.</summary>
    [Fact]
    public async Task The_openapi_document_is_the_recorded_one()
    {
        using var client = service.Api.Client();
        var document = JsonNode.Parse(await client.GetStringAsync("/api/v1/openapi.json", TestContext.Current.CancellationToken))!;
        Golden.Same("docs/openapi.json", document.ToJsonString(Readable) + "\n");
    }
}
