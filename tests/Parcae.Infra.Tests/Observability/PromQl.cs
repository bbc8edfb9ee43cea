using System.Text.RegularExpressions;

namespace Parcae.Infra.Tests.Observability;

/// <summary>What an expression of Prometheus names: series, labels, and labels that must have a value. Enough of the language for the expressions here; whether they are well-formed is for promtool to say.</summary>
internal sealed partial class PromQl
{
    private static readonly HashSet<string> Words = new(StringComparer.Ordinal)
    {
        "sum", "max", "min", "avg", "count", "rate", "increase", "irate", "histogram_quantile", "absent", "vector", "label_values", "clamp_min", "time", "topk", "quantile",
        "and", "or", "unless", "on", "by", "without", "ignoring", "bool", "offset", "inf", "nan",
    };

    private PromQl(string text)
    {
        Text = text;
        // What Grafana puts in, and durations.
        string plain = Durations().Replace(text.Replace("$__range", "1h", StringComparison.Ordinal).Replace("$__rate_interval", "1m", StringComparison.Ordinal), "");
        var matched = Matchers().Matches(plain).SelectMany(m => Matcher().Matches(m.Groups[1].Value)).ToArray();
        Equal = [.. matched.Where(m => m.Groups[2].Value == "=").Select(m => (m.Groups[1].Value, m.Groups[3].Value))];
        plain = Matchers().Replace(plain, "");
        var grouped = Groups().Matches(plain).SelectMany(m => m.Groups[1].Value.Split(',', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries));
        Labels = [.. matched.Select(m => m.Groups[1].Value).Concat(grouped).Distinct(StringComparer.Ordinal)];
        plain = Groups().Replace(plain, " ");
        Series = [.. Identifiers().Matches(plain).Select(m => m.Value).Where(w => !Words.Contains(w)).Distinct(StringComparer.Ordinal)];
    }

    /// <summary>The expression.</summary>
    public string Text { get; }

    /// <summary>Names of series.</summary>
    public IReadOnlyList<string> Series { get; }

    /// <summary>Names of labels that it selects or groups by.</summary>
    public IReadOnlyList<string> Labels { get; }

    /// <summary>Labels that must have a value, and the value.</summary>
    public IReadOnlyList<(string Label, string Value)> Equal { get; }

    /// <summary>Reads an expression.</summary>
    public static PromQl Read(string text) => new(text);

    [GeneratedRegex(@"\[[0-9a-z:]+\]")]
    private static partial Regex Durations();

    [GeneratedRegex("""\{((?:[^{}"]|"(?:[^"\\]|\\.)*")*)\}""")]
    private static partial Regex Matchers();

    [GeneratedRegex("""([a-zA-Z_][a-zA-Z0-9_]*)\s*(=~|!~|!=|=)\s*"((?:[^"\\]|\\.)*)"\s*,?""")]
    private static partial Regex Matcher();

    [GeneratedRegex(@"\b(?:by|without|on|ignoring|group_left|group_right)\s*\(([^()]*)\)")]
    private static partial Regex Groups();

    [GeneratedRegex(@"(?<![0-9.])\b[a-zA-Z_:][a-zA-Z0-9_:]*")]
    private static partial Regex Identifiers();
}
