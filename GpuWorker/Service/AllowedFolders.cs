namespace Parcae.GpuWorker.Service;

/// <summary>Folders in which files that others name may lie, at any depth; links are followed before that is decided.</summary>
public sealed class AllowedFolders
{
    // As many as Linux follows.
    private const int MostLinks = 40;

    private readonly string[] _folders;

    /// <param name="folders">The folders; none: nothing is allowed.</param>
    public AllowedFolders(params IEnumerable<string> folders) => _folders = [.. folders.Select(f => Path.TrimEndingDirectorySeparator(Path.GetFullPath(f)) + Path.DirectorySeparatorChar)];

    /// <summary>Whether a file or folder lies in one of them, or is one of them.</summary>
    /// <param name="path">Relative paths are those of the working directory.</param>
    public bool Hold(string path)
    {
        // One of the folders itself is written without its last separator.
        path = Path.TrimEndingDirectorySeparator(Path.GetFullPath(path)) + Path.DirectorySeparatorChar;
        // A link is as good as what it leads to, and a folder on the way may be one.
        return _folders.Any(f => path.StartsWith(f, StringComparison.Ordinal)) && Real(path, MostLinks) is { } real && _folders.Any(f => real.StartsWith(Real(f, MostLinks) ?? f, StringComparison.Ordinal));
    }

    /// <inheritdoc/>
    public override string ToString() => string.Join(", ", _folders.Select(Path.TrimEndingDirectorySeparator));

    /// <summary>The path with every link on its way followed, with a separator at its end; null: more links than Linux follows.</summary>
    private static string? Real(string path, int links)
    {
        string real = Path.GetPathRoot(path)!;
        foreach (string part in path[real.Length..].Split(Path.DirectorySeparatorChar, StringSplitOptions.RemoveEmptyEntries))
        {
            real = Path.Combine(real, part);
            var entry = new FileInfo(real);
            if (entry.LinkTarget is null) continue;
            // What it leads to may lie behind links of its own.
            if (links == 0 || Real(entry.ResolveLinkTarget(returnFinalTarget: false)!.FullName, links - 1) is not { } target) return null;
            real = Path.TrimEndingDirectorySeparator(target);
        }

        return Path.TrimEndingDirectorySeparator(real) + Path.DirectorySeparatorChar;
    }
}
