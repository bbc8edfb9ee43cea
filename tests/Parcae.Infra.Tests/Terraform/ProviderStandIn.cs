using System.Net;
using System.Text;
using System.Text.Json.Nodes;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.DependencyInjection;
using Parcae.Infra.Tests.Support;

namespace Parcae.Infra.Tests.Terraform;

/// <summary>
/// Stands in for a provider that cannot be fetched here: speaks Terraform's plugin protocol (version 5, gRPC) as far as validation and tests with mocks need it. It says what the provider's resources are made of, and finds
/// nothing wrong with their values.
/// </summary>
internal sealed class ProviderStandIn : IAsyncDisposable
{
    private const int NestedList = 2;
    private readonly WebApplication _app;

    private ProviderStandIn(WebApplication app) => _app = app;

    /// <summary>Its port on 127.0.0.1.</summary>
    public int Port => new Uri(_app.Urls.Single()).Port;

    /// <summary>Starts one that knows these resources.</summary>
    public static async Task<ProviderStandIn> StartAsync(JsonObject provider)
    {
        byte[] schema = Schema(provider);
        var builder = WebApplication.CreateEmptyBuilder(new());
        builder.WebHost.UseKestrelCore().ConfigureKestrel(k => k.Listen(IPAddress.Loopback, 0, l => l.Protocols = HttpProtocols.Http2));
        builder.Services.AddRoutingCore();
        var app = builder.Build();
        app.Run(context => AnswerAsync(context, schema));
        await app.StartAsync();
        return new ProviderStandIn(app);
    }

    public ValueTask DisposeAsync() => _app.DisposeAsync();

    private static async Task AnswerAsync(HttpContext context, byte[] schema)
    {
        using var request = new MemoryStream();
        await context.Request.Body.CopyToAsync(request);
        byte[] asked = request.ToArray();
        string method = context.Request.Path.Value!.Split('/')[^1];
        byte[]? answer = method switch
        {
            "GetSchema" => schema,
            // Hands the configuration back as it is: request and answer have it in their first field.
            "PrepareProviderConfig" => asked[5..],
            "Check" => Number(1, 1),
            "Stop" => [],
            _ when method.StartsWith("Validate", StringComparison.Ordinal) => [],
            _ => null,
        };
        context.Response.ContentType = "application/grpc";
        if (answer is not null)
        {
            // Not compressed, and how long it is.
            byte[] head = [0, (byte)(answer.Length >> 24), (byte)(answer.Length >> 16), (byte)(answer.Length >> 8), (byte)answer.Length];
            await context.Response.Body.WriteAsync(head);
            await context.Response.Body.WriteAsync(answer);
        }

        // 12: there is no such method.
        context.Response.AppendTrailer("grpc-status", answer is null ? "12" : "0");
    }

    private static byte[] Schema(JsonObject provider)
    {
        var own = JsonNode.Parse("""{ "attributes": { "region": ["string", "optional"] } }""")!;
        return [.. Field(1, Described(own)), .. Resources("resource", 2), .. Resources("data", 3)];

        IEnumerable<byte> Resources(string kind, int field) => provider.Map(kind).SelectMany(r => Field(field, [.. Field(1, r.Key), .. Field(2, Described(r.Value!))]));
    }

    private static byte[] Described(JsonNode block) => Field(2, Block(block));

    private static byte[] Block(JsonNode block) =>
    [
        .. block.Map("attributes").SelectMany(a => Field(2, Attribute(a.Key, a.Value!))),
        .. block.Map("blocks").SelectMany(b => Field(3, [.. Field(1, b.Key), .. Field(2, Block(b.Value!)), .. Number(3, NestedList), .. Number(5, (int)b.Value!["max"]!)])),
    ];

    private static byte[] Attribute(string name, JsonNode attribute)
    {
        string use = attribute[1]!.ToString();
        // What is optional may have a value of the provider's own.
        return [.. Field(1, name), .. Field(2, attribute[0]!.ToJsonString()), .. Number(4, use == "required" ? 1 : 0), .. Number(5, use == "optional" ? 1 : 0), .. Number(6, use == "required" ? 0 : 1)];
    }

    // The wire format of protocol buffers.
    private static byte[] Field(int field, string text) => Field(field, Encoding.UTF8.GetBytes(text));

    private static byte[] Field(int field, byte[] content) => [.. Variable((field << 3) | 2), .. Variable(content.Length), .. content];

    private static byte[] Number(int field, int value) => value == 0 ? [] : [.. Variable(field << 3), .. Variable(value)];

    private static IEnumerable<byte> Variable(int value)
    {
        for (; value > 127; value >>= 7) yield return (byte)(value | 128);
        yield return (byte)value;
    }
}
