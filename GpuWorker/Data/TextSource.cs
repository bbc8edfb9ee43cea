using System.Text;
using System.Xml;
using Parcae.Grains;

namespace Parcae.GpuWorker.Data;

/// <summary>Finds and reads a job's text: the user's files as they are, or the API documentation that every .NET SDK installs, taken out of its markup.</summary>
internal static class TextSource
{
    /// <summary>All files in a fixed order.</summary>
    public static IReadOnlyList<string> For(DataSpec data)
    {
        if (data.Paths.Length == 0) return ReferencePacks();
        var files = new List<string>();
        foreach (string path in data.Paths)
        {
            if (File.Exists(path)) files.Add(Path.GetFullPath(path));
            else if (Directory.Exists(path)) files.AddRange(Directory.EnumerateFiles(Path.GetFullPath(path), "*", SearchOption.AllDirectories).Order(StringComparer.Ordinal));
            else throw new FileNotFoundException($"There is no file or folder '{path}'.", path);
        }
        return files.Count > 0 ? files : throw new InvalidDataException($"There are no files in {string.Join(", ", data.Paths)}.");
    }

    /// <summary>Appends a file's text as UTF-8.</summary>
    public static void Append(string path, Stream output)
    {
        if (path.EndsWith(".xml", StringComparison.OrdinalIgnoreCase) && IsDocumentation(path))
        {
            AppendDocumentation(path, output);
            return;
        }
        using var file = File.OpenRead(path);
        file.CopyTo(output);
    }

    private static string[] ReferencePacks()
    {
        string[] roots =
        [
            Environment.GetEnvironmentVariable("DOTNET_ROOT") ?? "",
            // shared/Microsoft.NETCore.App/<version>/ of the runtime that is running.
            Path.GetFullPath(Path.Combine(Path.GetDirectoryName(typeof(object).Assembly.Location)!, "..", "..", "..")),
            "/usr/share/dotnet", "/usr/lib/dotnet", "/usr/local/share/dotnet",
        ];
        foreach (string packs in roots.Where(r => r.Length > 0).Select(r => Path.Combine(r, "packs")).Where(Directory.Exists))
        {
            string[] files = [.. Directory.EnumerateFiles(packs, "*.xml", SearchOption.AllDirectories)
                .Where(f => f.Contains($"{Path.DirectorySeparatorChar}ref{Path.DirectorySeparatorChar}", StringComparison.Ordinal))
                .Order(StringComparer.Ordinal)];
            if (files.Length > 0) return files;
        }
        throw new FileNotFoundException("The default text, the API documentation in the .NET SDK's reference packs, is not on this machine; name text files or folders instead (--data).");
    }

    private static bool IsDocumentation(string path)
    {
        using var reader = XmlReader.Create(path, new XmlReaderSettings { DtdProcessing = DtdProcessing.Ignore, IgnoreComments = true });
        return reader.MoveToContent() == XmlNodeType.Element && reader.Name == "doc";
    }

    /// <summary>One paragraph per member: its name, then the text of its elements, references by their names.</summary>
    private static void AppendDocumentation(string path, Stream output)
    {
        using var reader = XmlReader.Create(path, new XmlReaderSettings { DtdProcessing = DtdProcessing.Ignore, IgnoreComments = true });
        var text = new StringBuilder();
        while (reader.Read())
        {
            switch (reader.NodeType)
            {
                case XmlNodeType.Element when reader.Name == "member":
                    text.Append(Name(reader.GetAttribute("name"))).Append(": ");
                    break;
                case XmlNodeType.Element when reader.GetAttribute("cref") is { } cref:
                    text.Append(Name(cref));
                    break;
                case XmlNodeType.Element when reader.GetAttribute("langword") is { } word:
                    text.Append(word);
                    break;
                case XmlNodeType.Element when reader.Name is "paramref" or "typeparamref" or "param" or "typeparam":
                    text.Append(reader.GetAttribute("name")).Append(' ');
                    break;
                case XmlNodeType.Text or XmlNodeType.CDATA:
                    AppendWords(text, reader.Value);
                    break;
                case XmlNodeType.EndElement when reader.Name == "member":
                    text.Append('\n');
                    output.Write(Encoding.UTF8.GetBytes(text.ToString()));
                    text.Clear();
                    break;
                case XmlNodeType.EndElement:
                    if (text.Length > 0 && text[^1] != ' ') text.Append(' ');
                    break;
            }
        }
    }

    /// <summary>Runs of white space become one blank.</summary>
    private static void AppendWords(StringBuilder text, string value)
    {
        foreach (char c in value)
        {
            if (!char.IsWhiteSpace(c)) text.Append(c);
            else if (text.Length > 0 && text[^1] != ' ') text.Append(' ');
        }
    }

    /// <summary><c>M:System.String.Join(System.Char,...)</c> becomes <c>System.String.Join</c>.</summary>
    private static string Name(string? id)
    {
        if (id is null) return "";
        int from = id.Length > 1 && id[1] == ':' ? 2 : 0, to = id.IndexOf('(', StringComparison.Ordinal);
        return to < 0 ? id[from..] : id[from..to];
    }
}
