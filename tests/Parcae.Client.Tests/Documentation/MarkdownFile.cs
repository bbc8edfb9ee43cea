using System.Text;
using System.Text.RegularExpressions;

namespace Parcae.Client.Tests.Documentation;

/// <summary>A fenced block.</summary>
/// <param name="File">From the repository's root.</param>
/// <param name="Line">Of its fence.</param>
/// <param name="Info">What stands behind the fence: <c>csharp compile</c>.</param>
/// <param name="Text">Its lines.</param>
internal sealed record FencedBlock(string File, int Line, string Info, string Text)
{
    /// <summary>The first word of the info.</summary>
    public string Language => Info.Split(' ')[0];

    public override string ToString() => $"{File}, line {Line}";
}

/// <summary>A link or a picture.</summary>
/// <param name="Line">Where.</param>
/// <param name="Text">What is shown, or what stands in for a picture.</param>
/// <param name="Target">As written.</param>
/// <param name="IsImage">Whether it is a picture.</param>
internal sealed record MarkdownLink(int Line, string Text, string Target, bool IsImage);

/// <summary>What a Markdown file links to, what can be linked to in it, and its fenced blocks.</summary>
internal sealed partial class MarkdownFile
{
    private readonly List<FencedBlock> _blocks = [];
    private readonly List<MarkdownLink> _links = [];
    private readonly HashSet<string> _anchors = [];

    private MarkdownFile(string path, string text)
    {
        Path = path;
        string? fence = null;
        string info = "";
        var block = new StringBuilder();
        int line = 0, begin = 0;
        foreach (string raw in text.Split('\n'))
        {
            line++;
            var mark = Fence().Match(raw);
            if (fence is null && mark.Success) (fence, info, begin) = (mark.Groups["fence"].Value, mark.Groups["info"].Value.Trim(), line);
            else if (fence is not null && mark.Success && mark.Groups["info"].Value.Trim().Length == 0 && mark.Groups["fence"].Value.StartsWith(fence, StringComparison.Ordinal))
            {
                _blocks.Add(new FencedBlock(path, begin, info, block.ToString()));
                (fence, _) = (null, block.Clear());
            }
            else if (fence is not null) block.Append(raw).Append('\n');
            else Read(raw, line);
        }

        OpenFence = fence is null ? null : begin;
    }

    /// <summary>From the repository's root.</summary>
    public string Path { get; }

    /// <summary>Fenced blocks, in order.</summary>
    public IReadOnlyList<FencedBlock> Blocks => _blocks;

    /// <summary>Links and pictures outside of blocks and code, in order.</summary>
    public IReadOnlyList<MarkdownLink> Links => _links;

    /// <summary>What can stand behind a <c>#</c>, as GitHub makes it of headings, and named anchors.</summary>
    public IReadOnlySet<string> Anchors => _anchors;

    /// <summary>The line of a fence that is never closed; null: there is none.</summary>
    public int? OpenFence { get; }

    /// <summary>A file.</summary>
    /// <param name="path">From the repository's root.</param>
    public static MarkdownFile Read(string path) => new(path, Golden.Read(path));

    /// <summary>A text as if it stood in a file.</summary>
    public static MarkdownFile Of(string path, string text) => new(path, text);

    /// <summary>What GitHub makes of a heading: letters, digits, hyphens and underscores in lower case, a hyphen for each blank.</summary>
    public static string Slug(string heading)
    {
        string plain = Shown().Replace(heading, "${text}").Replace("`", "", StringComparison.Ordinal);
        return string.Concat(plain.Trim().ToLowerInvariant().Where(c => char.IsLetterOrDigit(c) || c is ' ' or '-' or '_').Select(c => c == ' ' ? '-' : c));
    }

    private void Read(string raw, int line)
    {
        if (Heading().Match(raw) is { Success: true } heading)
        {
            string slug = Slug(heading.Groups["text"].Value), unique = slug;
            for (int again = 1; !_anchors.Add(unique); again++) unique = $"{slug}-{again}";
        }

        string text = Code().Replace(raw, "");
        foreach (Match anchor in Anchor().Matches(text)) _anchors.Add(anchor.Groups["name"].Value);
        // A picture may stand in the text of a link: pictures are taken out first.
        text = Image().Replace(text, image =>
        {
            _links.Add(new MarkdownLink(line, image.Groups["text"].Value, image.Groups["target"].Value, true));
            return "picture";
        });
        foreach (Match link in Link().Matches(text)) _links.Add(new MarkdownLink(line, link.Groups["text"].Value, link.Groups["target"].Value, false));
        foreach (Match tag in Tag().Matches(text))
        {
            bool image = tag.Groups["name"].Value != "href";
            _links.Add(new MarkdownLink(line, Alt().Match(text) is { Success: true } alt ? alt.Groups["text"].Value : image ? "" : "link", tag.Groups["target"].Value, image));
        }
    }

    [GeneratedRegex(@"^\s*(?<fence>`{3,}|~{3,})(?<info>[^`]*)$")]
    private static partial Regex Fence();

    [GeneratedRegex(@"^#{1,6}\s+(?<text>.*?)\s*#*$")]
    private static partial Regex Heading();

    [GeneratedRegex(@"(?<ticks>`+)(?!`).+?(?<!`)\k<ticks>(?!`)")]
    private static partial Regex Code();

    [GeneratedRegex(@"!\[(?<text>[^\]]*)\]\((?<target>[^)\s]+)(\s+""[^""]*"")?\)")]
    private static partial Regex Image();

    [GeneratedRegex(@"(?<!!)\[(?<text>[^\]]*)\]\((?<target>[^)\s]*)(\s+""[^""]*"")?\)|^\s*\[[^\]]+\]:\s+(?<target>\S+)")]
    private static partial Regex Link();

    [GeneratedRegex(@"(?<name>href|src|srcset)=""(?<target>[^""]+)""")]
    private static partial Regex Tag();

    [GeneratedRegex(@"alt=""(?<text>[^""]+)""")]
    private static partial Regex Alt();

    [GeneratedRegex(@"(id|name)=""(?<name>[^""]+)""")]
    private static partial Regex Anchor();

    [GeneratedRegex(@"!?\[(?<text>[^\]]*)\]\([^)]*\)")]
    private static partial Regex Shown();
}
