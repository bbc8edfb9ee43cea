using System.Text.Json.Nodes;
using Parcae.Infra.Tests.Support;

namespace Parcae.Infra.Tests.Charts;

/// <summary>The chart, rendered: by helm where it is, else by the renderer beside this file, which has helm's template engine and library of functions (Go's text/template and sprig).</summary>
public sealed class Chart : IDisposable
{
    /// <summary>Where it is in the repository.</summary>
    public const string Folder = "infra/helm/parcae";

    private readonly Scratch _scratch = new();
    private readonly Lazy<Tool?> _renderer;

    /// <summary>The chart.</summary>
    public Chart() => _renderer = new(Build);

    /// <summary>Objects by kind and name.</summary>
    /// <param name="values">What differs from values.yaml, as YAML.</param>
    public Rendered Render(string values = "")
    {
        string text = Text(values).Good().Output;
        return new Rendered(text, Yaml.ParseAll(text));
    }

    /// <summary>Objects as an upgrade makes them, where these secrets are there already.</summary>
    internal Rendered RenderAgain(Rendered before)
    {
        Assert.SkipWhen(_renderer.Value is null, "Helm alone asks a cluster, and there is no Go with sprig on this machine: what an upgrade keeps is not rendered.");
        var known = new JsonObject(before.OfKind("Secret").Select(s => KeyValuePair.Create(s.Text("metadata.name"), (JsonNode?)s.DeepClone())));
        string text = _renderer.Value.Run([Repository.Place(Folder), "training", "ml"], new Dictionary<string, string> { ["CLUSTER"] = _scratch.Write("cluster.yaml", known.ToJsonString()) }).Good().Output;
        return new Rendered(text, Yaml.ParseAll(text));
    }

    /// <summary>What is written, and whether it could be.</summary>
    internal Tool.Result Text(string values)
    {
        string file = _scratch.Write("values.yaml", values.Length == 0 ? "{}" : values);
        if (Tool.Find("helm") is { } helm) return helm.Run(["template", "training", Repository.Place(Folder), "--namespace", "ml", "--values", file]);
        Assert.SkipWhen(_renderer.Value is null,
            "There is neither helm nor Go with sprig on this machine (apt-get install golang-go golang-github-masterminds-sprig-dev golang-k8s-sigs-yaml-dev): the chart is not rendered.");
        return _renderer.Value.Run([Repository.Place(Folder), "training", "ml", file]);
    }

    /// <summary>Ends the use of it.</summary>
    public void Dispose() => _scratch.Dispose();

    private Tool? Build()
    {
        // Debian's packages of Go libraries are sources in one folder.
        const string Libraries = "/usr/share/gocode";
        if (Tool.Find("go") is not { } go || !Directory.Exists(Path.Combine(Libraries, "src/github.com/Masterminds/sprig"))) return null;
        string program = _scratch.Place("render");
        go.Run(["build", "-o", program, Repository.Place("tests/Parcae.Infra.Tests/Charts/render/main.go")],
            new Dictionary<string, string> { ["GO111MODULE"] = "off", ["GOPATH"] = Libraries, ["GOFLAGS"] = "", ["GOTOOLCHAIN"] = "local" }).Good();
        return new Tool(program);
    }
}

/// <summary>A chart's objects.</summary>
/// <param name="Text">As they were written.</param>
/// <param name="Objects">As they are read.</param>
public sealed record Rendered(string Text, IReadOnlyList<JsonObject> Objects)
{
    /// <summary>The only object of a kind whose name ends so.</summary>
    public JsonObject this[string kind, string name] => Assert.Single(OfKind(kind), o => o.Text("metadata.name").EndsWith(name, StringComparison.Ordinal));

    /// <summary>Objects of a kind.</summary>
    public IEnumerable<JsonObject> OfKind(string kind) => Objects.Where(o => o.Text("kind") == kind);

    /// <summary>The pod's spec of a component.</summary>
    public JsonObject Pod(string component) => (JsonObject)Assert.Single(Objects, o => Component(o.At("spec.template.metadata.labels")) == component).At("spec.template.spec")!;

    /// <summary>The component that labels name, or null.</summary>
    public static string? Component(JsonNode? labels) => (labels as JsonObject)?["app.kubernetes.io/component"]?.ToString();
}
