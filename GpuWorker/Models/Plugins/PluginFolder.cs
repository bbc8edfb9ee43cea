namespace Parcae.GpuWorker.Models.Plugins;

/// <summary>Where class libraries of users' own models may lie. A silo runs what others submit, and keeps them to one folder; a process that runs its own user's jobs alone loads any.</summary>
public static class PluginFolder
{
    // As many as Linux follows.
    private const int MostLinks = 40;

    private static volatile Rule? _rule;

    private sealed record Rule(string? Folder);

    /// <summary>From now on this process loads only what lies in the folder, at any depth; null: nothing.</summary>
    public static void Restrict(string? folder) => _rule = new Rule(folder is null ? null : Path.TrimEndingDirectorySeparator(Path.GetFullPath(folder)) + Path.DirectorySeparatorChar);

    /// <summary>Does nothing where the file may be loaded.</summary>
    /// <param name="path">A whole path.</param>
    /// <exception cref="ArgumentException">It lies elsewhere.</exception>
    public static void Check(string path) => Check(path, _rule is { } rule, _rule?.Folder);

    /// <summary>The same under a given rule.</summary>
    internal static void Check(string path, bool restricted, string? folder)
    {
        if (!restricted) return;
        if (folder is null) throw new ArgumentException($"model.assembly: {path} is not loaded: this silo loads no models of users' own; start it with --plugins FOLDER where that is wanted.", nameof(path));
        // A link is as good as what it leads to, and a folder on the way may be one.
        if (!path.StartsWith(folder, StringComparison.Ordinal) || !Real(path).StartsWith(Real(folder), StringComparison.Ordinal))
            throw new ArgumentException($"model.assembly: {path} is not loaded: it must lie in the folder of this silo's --plugins, {folder}", nameof(path));
    }

    /// <summary>The path with every link on its way followed.</summary>
    private static string Real(string path, int links = 0)
    {
        string real = Path.GetPathRoot(path)!;
        foreach (string part in path[real.Length..].Split(Path.DirectorySeparatorChar, StringSplitOptions.RemoveEmptyEntries))
        {
            real = Path.Combine(real, part);
            var entry = new FileInfo(real);
            if (entry.LinkTarget is null) continue;
            // What it leads to may lie behind links of its own.
            if (links == MostLinks) throw new ArgumentException($"model.assembly: {path} leads through more than {MostLinks} links.", nameof(path));
            real = Real(entry.ResolveLinkTarget(returnFinalTarget: false)!.FullName, links + 1);
        }

        return path.EndsWith(Path.DirectorySeparatorChar) ? Path.TrimEndingDirectorySeparator(real) + Path.DirectorySeparatorChar : real;
    }
}
