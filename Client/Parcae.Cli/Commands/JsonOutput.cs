using System.Text.Json;
using System.Text.Json.Serialization;

namespace Parcae.Cli.Commands;

/// <summary>JSON of the service's messages, for people and programs.</summary>
internal static class JsonOutput
{
    private static readonly JsonSerializerOptions Options = new()
    {
        PropertyNamingPolicy = JsonNamingPolicy.CamelCase,
        WriteIndented = true,
        Converters = { new JsonStringEnumConverter(JsonNamingPolicy.CamelCase), new FiniteNumbers() },
    };

    /// <summary>Prints one document.</summary>
    public static void Write<T>(TextWriter output, T value) => output.WriteLine(JsonSerializer.Serialize(value, Options));
}
