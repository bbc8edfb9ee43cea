using System.Text.RegularExpressions;

namespace Parcae.Infra.Tests.Support;

/// <summary>Pages for Prometheus, read: the names of series, each with the labels that it has.</summary>
public sealed partial class Exposition
{
    private readonly Dictionary<string, HashSet<string>> _labels = new(StringComparer.Ordinal);
    private readonly Dictionary<string, HashSet<string>> _values = new(StringComparer.Ordinal);

    /// <summary>Names of the series.</summary>
    public IReadOnlyCollection<string> Names => _labels.Keys;

    /// <summary>The labels of a series, those of all its measurements together.</summary>
    public IReadOnlySet<string> Labels(string name) => _labels[name];

    /// <summary>The values of a label, in all series.</summary>
    public IReadOnlySet<string> Values(string label) => _values.TryGetValue(label, out var values) ? values : new HashSet<string>();

    /// <summary>Reads pages.</summary>
    public static Exposition Read(params IEnumerable<string> pages)
    {
        var read = new Exposition();
        foreach (string line in pages.SelectMany(p => p.Split('\n')).Where(l => l.Length > 0 && l[0] != '#'))
        {
            var match = Sample().Match(line);
            Assert.True(match.Success, $"This is no line of a page for Prometheus: {line}");
            if (!read._labels.TryGetValue(match.Groups[1].Value, out var labels)) read._labels.Add(match.Groups[1].Value, labels = new(StringComparer.Ordinal));
            foreach (Match label in Label().Matches(match.Groups[2].Value))
            {
                labels.Add(label.Groups[1].Value);
                if (!read._values.TryGetValue(label.Groups[1].Value, out var values)) read._values.Add(label.Groups[1].Value, values = new(StringComparer.Ordinal));
                values.Add(label.Groups[2].Value);
            }
        }

        return read;
    }

    [GeneratedRegex("""^([a-zA-Z_:][a-zA-Z0-9_:]*)(\{.*\})? \S+( \d+)?( # .*)?$""")]
    private static partial Regex Sample();

    [GeneratedRegex(""" ?([a-zA-Z_][a-zA-Z0-9_]*)="((?:[^"\\]|\\.)*)",?""")]
    private static partial Regex Label();
}
