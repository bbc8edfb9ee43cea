using System.Xml.Linq;

namespace Parcae.Client.Tests.Documentation;

/// <summary>What the documentation links to is there: files, headings, pictures.</summary>
public sealed class LinkTests
{
    private static readonly string[] Pictures = [".svg", ".png"];

    public static TheoryData<string> Files => [.. MarkdownFiles.All.Keys];

    public static TheoryData<string> Drawings => [.. Directory.EnumerateFiles(Path.Combine(Golden.Root, "docs", "images"), "*.svg").Select(f => Path.GetRelativePath(Golden.Root, f)).Order(StringComparer.Ordinal)];

    [Theory]
    [MemberData(nameof(Files))]
    public void Every_link_leads_somewhere(string file)
    {
        string[] broken = [.. MarkdownFiles.All[file].Links.Select(l => (l.Line, Problem: Problem(file, l))).Where(l => l.Problem is not null).Select(l => $"{file}, line {l.Line}: {l.Problem}")];
        Assert.True(broken.Length == 0, string.Join(Environment.NewLine, broken));
    }

    /// <summary>So that a reader who begins there finds it.</summary>
    [Fact]
    public void Every_page_of_the_documentation_is_in_its_index()
    {
        string[] linked = [.. MarkdownFiles.All["docs/README.md"].Links.Select(l => $"docs/{l.Target.Split('#')[0]}")];
        Assert.Empty(MarkdownFiles.All.Keys.Where(f => Path.GetDirectoryName(f) == "docs" && f != "docs/README.md").Except(linked));
    }

    [Theory]
    [MemberData(nameof(Drawings))]
    public void Every_drawing_says_what_it_shows_fits_dark_pages_and_needs_nothing_else(string file)
    {
        XNamespace svg = "http://www.w3.org/2000/svg";
        var root = XDocument.Parse(Golden.Read(file)).Root!;
        string[] labels = ((string?)root.Attribute("aria-labelledby") ?? "").Split(' ');
        foreach (string part in (string[])["title", "desc"])
        {
            var element = root.Element(svg + part);
            Assert.True(element?.Value.Length > 20 && labels.Contains((string?)element.Attribute("id")), $"{file}: its {part} is missing, short or not named by aria-labelledby.");
        }

        Assert.Contains("prefers-color-scheme: dark", root.Element(svg + "style")!.Value, StringComparison.Ordinal);
        Assert.DoesNotContain(root.DescendantsAndSelf().Attributes(), a => a.Name.LocalName == "href" || (a.Value.Contains("://", StringComparison.Ordinal) && !a.IsNamespaceDeclaration));
    }

    [Fact]
    public void Broken_links_are_found()
    {
        const string Text = """
            # A heading, and `code`
            [a](quickstart.md#no-such-heading) [b](no-such-file.md) ![c](images/no.png) ![](images/liveput.svg) [d](#a-heading-and-code) [e](../../outside.md) [f](http:/x) `[g](no.md)`
            ```text
            [h](no.md)
            ```
            [i](../docs/quickstart.md)
            """;
        var file = MarkdownFile.Of("docs/made-up.md", Text);
        string[] problems = [.. file.Links.Select(l => Problem(file.Path, l, file)).OfType<string>()];
        Assert.Equal(6, problems.Length);
        foreach (string said in (string[])["#no-such-heading", "no-such-file.md", "images/no.png", "says what it shows", "outside", "http:/x"]) Assert.Contains(problems, p => p.Contains(said, StringComparison.Ordinal));
    }

    [Theory]
    [InlineData("What is promised, and what that assumes", "what-is-promised-and-what-that-assumes")]
    [InlineData("The `parcae` command: 1.0 [x](y.md)", "the-parcae-command-10-x")]
    [InlineData("`--silo-port`", "--silo-port")]
    public void Headings_have_the_anchors_that_they_have_on_GitHub(string heading, string anchor) => Assert.Equal(anchor, MarkdownFile.Slug(heading));

    /// <summary>What is wrong with a link; null: nothing. Other hosts are not asked.</summary>
    private static string? Problem(string file, MarkdownLink link, MarkdownFile? self = null)
    {
        if (link.IsImage && link.Text.Trim().Length < 3) return $"the picture {link.Target} needs a text that says what it shows.";
        if (Uri.TryCreate(link.Target, UriKind.Absolute, out var address)) return address.Scheme is "https" or "http" or "mailto" && address.Host.Length > 0 ? null : $"{link.Target} is no address.";
        string[] parts = link.Target.Split('#', 2);
        string path = parts[0].Length == 0 ? file : Path.GetRelativePath(Golden.Root, Path.GetFullPath(Path.Combine(Golden.Root, Path.GetDirectoryName(file)!, parts[0])));
        if (path.StartsWith("..", StringComparison.Ordinal)) return $"{link.Target} leads outside of the repository.";
        if (link.IsImage && !Pictures.Contains(Path.GetExtension(path))) return $"{link.Target} is no picture ({string.Join(", ", Pictures)}).";
        if (self?.Path != path && !Path.Exists(Path.Combine(Golden.Root, path))) return $"{link.Target} does not exist.";
        if (parts.Length == 1) return null;
        var target = self?.Path == path ? self : MarkdownFiles.All.GetValueOrDefault(path);
        return target?.Anchors.Contains(parts[1]) == true ? null : $"{path} has no heading #{parts[1]}.";
    }
}
