using System.Globalization;
using System.Net;
using System.Text.Json;

namespace Parcae.Cli.Report;

/// <summary>Text for HTML.</summary>
internal static class Html
{
    /// <summary>Text as content or in a quoted attribute. Everything that comes from outside goes through here.</summary>
    public static string Text(string? text) => WebUtility.HtmlEncode(text ?? "");

    /// <summary>A number with a point, for coordinates and percentages.</summary>
    public static string Number(double value) => Math.Round(value, 3).ToString(CultureInfo.InvariantCulture);

    /// <summary>A value as JSON inside a script element: the serialiser escapes &lt;, so that no text can end the element.</summary>
    public static string Json<T>(T value) => JsonSerializer.Serialize(value, Options);

    private static readonly JsonSerializerOptions Options = new() { PropertyNamingPolicy = JsonNamingPolicy.CamelCase };
}
