using System.Collections.Concurrent;
using Microsoft.AspNetCore.Http;

namespace Parcae.Silo.Tests.Availability.Fakes;

/// <summary>Azure's metadata service: 400 without <c>Metadata: true</c> or without a version; the machine's name, the scheduled events, and their approval.</summary>
internal sealed class FakeAzure
{
    private int _incarnation;

    /// <summary>The events, as JSON objects with commas between them.</summary>
    public string Events { get; set; } = "";

    /// <summary>The machine's name.</summary>
    public string Machine { get; set; } = "trainers_7";

    /// <summary>Approvals received.</summary>
    public ConcurrentQueue<string> Approved { get; } = new();

    /// <summary>An event as Azure writes it.</summary>
    public static string Event(string type, string resource, string notBefore, string status = "Scheduled", string id = "f020ba2e-3bc0-4c40-a10b-86575a9eabd5", int duration = -1) => $$"""
        {"EventId": "{{id}}", "EventType": "{{type}}", "ResourceType": "VirtualMachine", "Resources": ["other_1", "{{resource}}"], "EventStatus": "{{status}}",
         "NotBefore": "{{notBefore}}", "Description": "", "EventSource": "Platform", "DurationInSeconds": {{duration}}}
        """;

    public async Task Answer(HttpContext context)
    {
        if (context.Request.Headers["Metadata"] != "true" || !context.Request.Query.ContainsKey("api-version"))
        {
            context.Response.StatusCode = 400;
            await context.Response.WriteAsync("""{"error": "Bad request. api-version is invalid or was not specified in the request."}""");
            return;
        }

        switch (context.Request.Method, context.Request.Path.Value)
        {
            case ("GET", "/metadata/instance/compute/name"):
                await context.Response.WriteAsync(Machine);
                break;
            case ("GET", "/metadata/scheduledevents"):
                await context.Response.WriteAsync($$"""{"DocumentIncarnation": {{++_incarnation}}, "Events": [{{Events}}]}""");
                break;
            case ("POST", "/metadata/scheduledevents"):
                using (var reader = new StreamReader(context.Request.Body)) Approved.Enqueue(await reader.ReadToEndAsync());
                break;
            default:
                context.Response.StatusCode = 404;
                break;
        }
    }
}
