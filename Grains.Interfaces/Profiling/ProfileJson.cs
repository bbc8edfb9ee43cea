using System.Text.Json;
using System.Text.Json.Serialization;

namespace Parcae.Grains.Profiling;

/// <summary>How the processes of a profiling run write to each other: one JSON document a line.</summary>
public static class ProfileJson
{
    private static readonly JsonSerializerOptions Options = new()
    {
        PropertyNamingPolicy = JsonNamingPolicy.CamelCase,
        NumberHandling = JsonNumberHandling.AllowNamedFloatingPointLiterals,
    };

    /// <summary>A message as one line.</summary>
    public static string Line<T>(T message) => JsonSerializer.Serialize(message, Options);

    /// <summary>A message as part of another.</summary>
    public static JsonElement Element<T>(T message) => JsonSerializer.SerializeToElement(message, Options);

    /// <summary>Reads a message.</summary>
    /// <exception cref="JsonException">It is none.</exception>
    public static T Read<T>(string line) => JsonSerializer.Deserialize<T>(line, Options) ?? throw new JsonException("The line is null.");

    /// <summary>Reads a message that is part of another.</summary>
    /// <exception cref="JsonException">It is none.</exception>
    public static T Read<T>(JsonElement element) => element.Deserialize<T>(Options) ?? throw new JsonException("The element is null.");
}
