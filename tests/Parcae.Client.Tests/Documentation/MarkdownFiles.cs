namespace Parcae.Client.Tests.Documentation;

/// <summary>The Markdown files of the repository; what was built or installed counts for nothing.</summary>
internal static class MarkdownFiles
{
    private static readonly string[] Passed = ["artifacts", "node_modules", "bin", "obj", "packages"];

    private static readonly Lazy<IReadOnlyDictionary<string, MarkdownFile>> Read = new(() =>
        Below(Golden.Root).Select(f => Path.GetRelativePath(Golden.Root, f)).Order(StringComparer.Ordinal).ToDictionary(f => f, MarkdownFile.Read));

    /// <summary>Every file by its path from the repository's root.</summary>
    public static IReadOnlyDictionary<string, MarkdownFile> All => Read.Value;

    /// <summary>All fenced blocks.</summary>
    public static IEnumerable<FencedBlock> Blocks => All.Values.SelectMany(f => f.Blocks);

    private static IEnumerable<string> Below(string folder) =>
    [
        .. Directory.EnumerateFiles(folder, "*.md"),
        .. Directory.EnumerateDirectories(folder).Where(d => Path.GetFileName(d) is var name && !name.StartsWith('.') && !Passed.Contains(name)).SelectMany(Below),
    ];
}
