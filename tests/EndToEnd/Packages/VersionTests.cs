using System.IO.Compression;
using System.Reflection.Metadata;
using System.Text;
using Xunit;

namespace Parcae.EndToEnd.Packages;

/// <summary>What the repository's own build files make of a tag and a remote, tried on a repository with one small project.</summary>
[Collection("one at a time")]
public sealed class VersionTests
{
    private static readonly string[] BuildFiles = ["Directory.Build.props", "Directory.Build.targets", "Directory.Packages.props"];

    /// <summary>SourceLink's kind of custom debug information (Portable PDB format, "Source Link").</summary>
    private static readonly Guid SourceLink = new("CC110556-A091-4D38-9FEC-25AB9A351A6A");

    [Fact]
    public async Task A_tag_is_the_version_a_commit_after_it_a_pre_release_of_the_next_and_the_remote_says_where_the_sources_are()
    {
        LongTests.Only(".ci/run");
        using var folder = new FreshFolder();
        foreach (string file in BuildFiles) File.Copy(Path.Combine(PackedSolution.Root, file), folder.At(file));
        folder.Write("small/small.csproj", """<Project Sdk="Microsoft.NET.Sdk"><PropertyGroup><IsPackable>true</IsPackable><PackageReadmeFile /></PropertyGroup></Project>""");
        folder.Write("small/Small.cs", "namespace Small;\n\n/// <summary>One.</summary>\npublic static class One;\n");
        folder.Write(".gitignore", "packages/\nhome/\nartifacts/\nfeed/\n");
        await Git("init", "--quiet");
        await Git("remote", "add", "origin", "https://github.com/example/small.git");
        await Git("add", "--all");
        await Git("commit", "--quiet", "--message", "One");
        await Git("tag", "v1.2.3");
        string commit = (await folder.RunAsync("git", "rev-parse", "HEAD")).Trim();

        await PackAsync();
        using (var package = ZipFile.OpenRead(folder.At("feed", "small.1.2.3.nupkg")))
        {
            var repository = PackedSolution.Metadata(package).Element("repository")!;
            Assert.Equal(("https://github.com/example/small.git", commit), ((string)repository.Attribute("url")!, (string)repository.Attribute("commit")!));
        }

        using (var symbols = ZipFile.OpenRead(folder.At("feed", "small.1.2.3.snupkg"))) Assert.Contains($"https://raw.githubusercontent.com/example/small/{commit}/*", Sources(symbols), StringComparison.Ordinal);

        folder.Write("small/Small.cs", "namespace Small;\n\n/// <summary>Two.</summary>\npublic static class Two;\n");
        await Git("commit", "--quiet", "--all", "--message", "Two");
        await PackAsync();
        Assert.True(File.Exists(folder.At("feed", "small.1.2.4-alpha.0.1.nupkg")), string.Join(", ", Directory.EnumerateFiles(folder.At("feed"))));

        Task<string> PackAsync() => folder.RunAsync("dotnet", "pack", "small", "-c", "Release", "-o", "feed");

        Task<string> Git(params string[] arguments) => folder.RunAsync("git", ["-c", "user.name=test", "-c", "user.email=test@example.com", "-c", "commit.gpgsign=false", "-c", "tag.gpgsign=false", .. arguments]);
    }

    private static string Sources(ZipArchive symbols)
    {
        using var copy = new MemoryStream();
        using (var entry = symbols.Entries.Single(e => e.Name.EndsWith(".pdb", StringComparison.Ordinal)).Open()) entry.CopyTo(copy);
        copy.Position = 0;
        using var provider = MetadataReaderProvider.FromPortablePdbStream(copy);
        var reader = provider.GetMetadataReader();
        return string.Concat(reader.CustomDebugInformation.Select(reader.GetCustomDebugInformation).Where(i => reader.GetGuid(i.Kind) == SourceLink).Select(i => Encoding.UTF8.GetString(reader.GetBlobBytes(i.Value))));
    }
}
