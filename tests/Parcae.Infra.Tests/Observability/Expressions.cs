using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using Parcae.Infra.Tests.Support;

namespace Parcae.Infra.Tests.Observability;

/// <summary>Every expression of the dashboards and the rules, with where it stands.</summary>
internal static class Expressions
{
    /// <summary>Where the rules are.</summary>
    public const string RuleFile = "infra/observability/rules.yaml";

    /// <summary>The rules.</summary>
    public static IReadOnlyList<JsonNode> Rules { get; } = [.. Yaml.Parse(Repository.Read(RuleFile)).List("groups").SelectMany(g => g.List("rules"))];

    /// <summary>The dashboards, by their files.</summary>
    public static IReadOnlyDictionary<string, JsonNode> Dashboards { get; } = Repository.Files("infra/observability/dashboards", "*.json").ToDictionary(f => Path.GetFileName(f), f => JsonNode.Parse(Repository.Read(f))!);

    /// <summary>All expressions.</summary>
    public static IReadOnlyList<(string Where, string Text)> All { get; } =
    [
        .. Rules.Select(r => ($"rule {r.At("alert") ?? r.At("record")}", r.Text("expr"))),
        .. Dashboards.SelectMany(d => d.Value.List("panels").SelectMany(p => p.List("targets").Select(t => ($"{d.Key}, {p.Text("title")}", t.Text("expr"))))),
        .. Dashboards.SelectMany(d => d.Value.List("templating.list").Where(v => v.Text("type") == "query").Select(v => ($"{d.Key}, variable {v.Text("name")}", v.Text("query.query")))),
    ];

    /// <summary>An expression with something in the places that Grafana fills.</summary>
    public static string Filled(string text) => Regex.Replace(text.Replace("$__range", "1h", StringComparison.Ordinal), @"\$\w+", ".*");
}
