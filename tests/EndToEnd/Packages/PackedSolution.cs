using System.IO.Compression;
using System.Xml.Linq;
using Parcae.Client.Tests;
using Xunit;

namespace Parcae.EndToEnd.Packages;

/// <summary>The solution's packages, made of what was built, under a version of their own.</summary>
public sealed class PackedSolution : IAsyncLifetime
{
    private readonly FreshFolder _folder = new();

    /// <summary>Their version.</summary>
    public string Version { get; } = $"0.1.0-test.{Guid.NewGuid():N}";

    /// <summary>Where they are.</summary>
    public string Feed => _folder.At("feed");

    /// <summary>The repository.</summary>
    public static string Root => Golden.Root;

    /// <summary>The names of all files, without the version.</summary>
    public IReadOnlyList<string> Files => [.. Directory.EnumerateFiles(Feed).Select(f => Path.GetFileName(f).Replace($".{Version}", "", StringComparison.Ordinal)).Order(StringComparer.Ordinal)];

    public async ValueTask InitializeAsync()
    {
        if (!LongTests.Wanted) return;
        string configuration = new DirectoryInfo(AppContext.BaseDirectory).Name.StartsWith("release", StringComparison.OrdinalIgnoreCase) ? "Release" : "Debug";
        await _folder.RunAsync("dotnet", "pack", Path.Combine(Root, "Parcae.Orleans.sln"), "--no-build", "-c", configuration, "-o", Feed, $"-p:MinVerVersionOverride={Version}");
    }

    public ValueTask DisposeAsync()
    {
        _folder.Dispose();
        return ValueTask.CompletedTask;
    }

    /// <summary>Opens a package.</summary>
    /// <param name="id">Its id.</param>
    /// <param name="extension">Of its symbols: <c>snupkg</c>.</param>
    public ZipArchive Open(string id, string extension = "nupkg") => ZipFile.OpenRead(Path.Combine(Feed, $"{id}.{Version}.{extension}"));

    /// <summary>What a package says of itself: the element <c>metadata</c>, its names without a namespace.</summary>
    public static XElement Metadata(ZipArchive package)
    {
        using var stream = package.Entries.Single(e => e.FullName.EndsWith(".nuspec", StringComparison.Ordinal)).Open();
        var root = XDocument.Load(stream).Root!;
        foreach (var element in root.DescendantsAndSelf()) element.Name = element.Name.LocalName;
        return root.Element("metadata")!;
    }

}
