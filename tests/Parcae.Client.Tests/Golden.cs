namespace Parcae.Client.Tests;

/// <summary>Texts that are kept in files. <c>PARCAE_UPDATE_GOLDEN=1</c> writes the files anew: look at the difference before it is committed.</summary>
internal static class Golden
{
    /// <summary>The repository's root.</summary>
    public static string Root { get; } = FindRoot();

    /// <summary>A file of the repository.</summary>
    public static string Read(string path) => File.ReadAllText(Path.Combine(Root, path)).ReplaceLineEndings("\n");

    /// <summary>Compares a text with its file.</summary>
    /// <param name="path">From the repository's root.</param>
    /// <param name="actual">The text.</param>
    public static void Same(string path, string actual)
    {
        string file = Path.Combine(Root, path);
        actual = actual.ReplaceLineEndings("\n");
        if (Environment.GetEnvironmentVariable("PARCAE_UPDATE_GOLDEN") is "1" && (!File.Exists(file) || File.ReadAllText(file) != actual))
        {
            _ = Directory.CreateDirectory(Path.GetDirectoryName(file)!);
            File.WriteAllText(file, actual);
            Xunit.Assert.Fail($"{path} was written; run the tests again without PARCAE_UPDATE_GOLDEN.");
        }

        Xunit.Assert.True(File.Exists(file), $"{path} does not exist; PARCAE_UPDATE_GOLDEN=1 writes it.");
        Xunit.Assert.Equal(Read(path), actual);
    }

    // Not from the path of this source: a build that says CI=true writes that as /_/tests/...
    private static string FindRoot()
    {
        var folder = new DirectoryInfo(AppContext.BaseDirectory);
        while (folder is not null && !File.Exists(Path.Combine(folder.FullName, "Parcae.Orleans.sln"))) folder = folder.Parent;
        return folder?.FullName ?? throw new DirectoryNotFoundException($"no folder above {AppContext.BaseDirectory} holds Parcae.Orleans.sln");
    }
}
