using System.Globalization;
using System.Text.RegularExpressions;

namespace Parcae.Grains.Documents;

/// <summary>What a plain scalar is by the core schema of YAML 1.2 (section 10.3.2): <c>no</c> and <c>1_000</c> are texts.</summary>
internal static partial class YamlScalars
{
    /// <summary>The scalar as a node.</summary>
    public static ScalarNode Plain(string text, int? line) => text switch
    {
        "" or "~" or "null" or "Null" or "NULL" => new ScalarNode(ScalarKind.Null, "", line),
        "true" or "True" or "TRUE" => new ScalarNode(ScalarKind.Boolean, "true", line),
        "false" or "False" or "FALSE" => new ScalarNode(ScalarKind.Boolean, "false", line),
        _ when Number().IsMatch(text) => new ScalarNode(ScalarKind.Number, text, line),
        _ when Based().Match(text) is { Success: true } based && Parse(based.Groups["hex"], based.Groups["octal"]) is { } value => new ScalarNode(ScalarKind.Number, value, line),
        _ => new ScalarNode(ScalarKind.Text, text, line),
    };

    [GeneratedRegex(@"^[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?$")]
    private static partial Regex Number();

    [GeneratedRegex("^(0x(?<hex>[0-9a-fA-F]{1,15})|0o(?<octal>[0-7]{1,20}))$")]
    private static partial Regex Based();

    private static string? Parse(Group hex, Group octal)
    {
        long value = hex.Success ? long.Parse(hex.Value, NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture) : Convert.ToInt64(octal.Value, 8);
        return value.ToString(CultureInfo.InvariantCulture);
    }
}
