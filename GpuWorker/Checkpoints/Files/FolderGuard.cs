namespace Parcae.GpuWorker.Checkpoints;

/// <summary>Keeps reading within a folder: names from elsewhere (a job's id, a list of shards) and links must not lead out of it.</summary>
internal static class FolderGuard
{
    /// <summary>Whether a text can be the name of a file or folder, and nothing else.</summary>
    public static bool IsName(string text) =>
        !string.IsNullOrWhiteSpace(text) && text is not ("." or "..") && text.Length <= 255 && !text.AsSpan().ContainsAny(Path.GetInvalidFileNameChars()) && !text.Contains('\\', StringComparison.Ordinal);

    /// <summary>Refuses a link.</summary>
    /// <exception cref="CheckpointException">The file or folder is a link.</exception>
    public static void RefuseLink(FileSystemInfo entry)
    {
        if (entry.LinkTarget is { } target) throw new CheckpointException(entry.FullName, $"it is a link to {target}; checkpoints are read from where they were written only.");
    }

    /// <summary>A file of a folder with a model. Links lead elsewhere within the folder only, or, as in the Hugging Face cache, from <c>snapshots/REVISION</c> to <c>blobs</c> beside it.</summary>
    /// <param name="folder">The folder.</param>
    /// <param name="name">The file's name; it is known to be no more than that.</param>
    /// <exception cref="CheckpointException">It leads elsewhere.</exception>
    public static string File(string folder, string name)
    {
        folder = Path.TrimEndingDirectorySeparator(Path.GetFullPath(folder));
        var file = new FileInfo(Path.Combine(folder, name));
        if (file.LinkTarget is null) return file.FullName;
        var target = file.ResolveLinkTarget(returnFinalTarget: true)!.FullName;
        var snapshots = Path.GetDirectoryName(folder);
        string[] allowed = Path.GetFileName(snapshots) == "snapshots" ? [folder, Path.Combine(Path.GetDirectoryName(snapshots)!, "blobs")] : [folder];
        return allowed.Contains(Path.GetDirectoryName(target))
            ? target
            : throw new CheckpointException(file.FullName, $"it is a link to {target}, which is outside of the folder.");
    }
}
