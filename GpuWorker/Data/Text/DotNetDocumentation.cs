using System.Text;
using System.Xml;

namespace Parcae.GpuWorker.Data;

/// <summary>The English API documentation of the .NET SDK: some twenty megabytes of text on every machine that has the SDK. One paragraph per member.</summary>
internal sealed class DotNetDocumentation : ITextSource
{
    // Elements that stand inside a sentence, possibly before a full stop.
    private static readonly HashSet<string> InLine = ["a", "b", "c", "em", "i", "see", "strong", "paramref", "typeparamref"];

    private DotNetDocumentation(string packs, IReadOnlyList<FileInfo> files) => (Description, Files) = ($"The API documentation in {packs}", files);

    public string Kind => "xmldoc";

    public string Description { get; }

    public IReadOnlyList<FileInfo> Files { get; }

    /// <summary>Finds the reference packs beside the running runtime, where DOTNET_ROOT says, or in the usual places.</summary>
    public static DotNetDocumentation Locate()
    {
        // The runtime lies in <root>/shared/Microsoft.NETCore.App/<version>.
        var runtime = Path.GetFullPath(Path.Combine(System.Runtime.InteropServices.RuntimeEnvironment.GetRuntimeDirectory(), "..", "..", ".."));
        string[] roots = [runtime, Environment.GetEnvironmentVariable("DOTNET_ROOT") ?? "", "/usr/share/dotnet", "/usr/lib/dotnet"];
        foreach (var packs in roots.Where(r => r.Length > 0).Select(r => Path.Combine(r, "packs")).Where(Directory.Exists))
        {
            var files = Directory.EnumerateDirectories(packs).Order(StringComparer.Ordinal).SelectMany(NewestOf).ToList();
            if (files.Count > 0) return new DotNetDocumentation(packs, files);
        }

        throw new InvalidDataException(
            "data.paths is empty, and the default text, the API documentation of the .NET SDK, is not on this machine " +
            $"(looked for packs/*/ref in {string.Join(", ", roots.Where(r => r.Length > 0).Distinct())}). " +
            "Name text files or folders in data.paths, or install the SDK.");
    }

    public void Read(TextSink sink)
    {
        foreach (var file in Files)
        {
            using var reader = XmlReader.Create(file.FullName, new XmlReaderSettings { DtdProcessing = DtdProcessing.Prohibit, IgnoreComments = true });
            while (reader.ReadToFollowing("member"))
            {
                using var member = reader.ReadSubtree();
                if (Paragraph(member) is { Length: > 0 } paragraph) sink(Encoding.UTF8.GetBytes(paragraph + "\n\n"));
            }
        }
    }

    private static IEnumerable<FileInfo> NewestOf(string pack)
    {
        var newest = Directory.EnumerateDirectories(pack).Select(d => (Path: d, Version: Version.TryParse(Path.GetFileName(d).Split('-')[0], out var v) ? v : null))
            .Where(d => d.Version is not null).OrderByDescending(d => d.Version).ThenByDescending(d => d.Path, StringComparer.Ordinal).FirstOrDefault().Path;
        var references = newest is null ? null : Path.Combine(newest, "ref");
        if (!Directory.Exists(references)) return [];
        return Directory.EnumerateDirectories(references, "net*").Order(StringComparer.Ordinal)
            .SelectMany(d => Directory.EnumerateFiles(d, "*.xml")).Order(StringComparer.Ordinal).Select(f => new FileInfo(f));
    }

    // The text of a member's documentation on one line; of references, the name that they refer to.
    private static string Paragraph(XmlReader member)
    {
        var text = new StringBuilder();
        while (member.Read())
        {
            if (member.NodeType is XmlNodeType.Text or XmlNodeType.CDATA) text.Append(member.Value);
            else if (member.NodeType == XmlNodeType.Element && member.IsEmptyElement) text.Append(Reference(member));
            else if (member.NodeType is XmlNodeType.Whitespace or XmlNodeType.SignificantWhitespace) text.Append(' ');
            else if (member.NodeType == XmlNodeType.EndElement && !InLine.Contains(member.Name)) text.Append(' ');
        }

        return string.Join(' ', text.ToString().Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries));
    }

    private static string Reference(XmlReader element)
    {
        if (element.GetAttribute("cref") is { Length: > 2 } cref) return cref[1] == ':' ? cref[2..] : cref;
        return element.GetAttribute("name") ?? element.GetAttribute("langword") ?? " ";
    }
}
