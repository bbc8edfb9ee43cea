using System.Collections.Concurrent;
using System.Reflection;
using System.Text.RegularExpressions;
using System.Xml.Linq;

namespace Parcae.Silo.Tests.Documentation;

/// <summary>Doc comments of properties as Markdown, from the file beside their assembly.</summary>
internal static partial class XmlComments
{
    private static readonly ConcurrentDictionary<Assembly, Dictionary<string, XElement>> Files = new();

    /// <summary>The summary of a property; empty: it has none.</summary>
    public static string Summary(PropertyInfo property)
    {
        var members = Files.GetOrAdd(property.DeclaringType!.Assembly, a =>
            XDocument.Load(Path.ChangeExtension(a.Location, ".xml")).Descendants("member").ToDictionary(m => (string)m.Attribute("name")!));
        return members.GetValueOrDefault($"P:{property.DeclaringType.FullName}.{property.Name}")?.Element("summary") is { } summary ? Blanks().Replace(string.Concat(summary.Nodes().Select(Text)), " ").Trim() : "";
    }

    private static string Text(XNode node) => node switch
    {
        XText text => text.Value,
        XElement { Name.LocalName: "c" } code => $"`{code.Value}`",
        XElement { Name.LocalName: "see" } see => $"`{((string?)see.Attribute("cref") ?? "").Split('.', ':', '(')[^1]}`",
        XElement element => element.Value,
        _ => "",
    };

    [GeneratedRegex(@"\s+")]
    private static partial Regex Blanks();
}
