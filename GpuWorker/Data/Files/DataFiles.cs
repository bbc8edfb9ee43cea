namespace Parcae.GpuWorker.Data;

/// <summary>Finds and opens the files that a job names. Whatever is wrong with them is an <see cref="InvalidDataException"/> that names the setting and the path.</summary>
internal static class DataFiles
{
    /// <summary>The files of paths: each file as it is, folders recursively, their files in ordinal order of their paths.</summary>
    /// <param name="paths">Files and folders.</param>
    /// <param name="setting">The setting that names them, for messages.</param>
    /// <exception cref="InvalidDataException">A path does not exist, cannot be read, leads to something that is neither file nor folder, or a folder contains itself by a link.</exception>
    public static IReadOnlyList<FileInfo> Find(IEnumerable<string> paths, string setting)
    {
        var found = new List<FileInfo>();
        foreach (var path in paths)
        {
            if (string.IsNullOrWhiteSpace(path)) throw new InvalidDataException($"{setting}: an empty text is not a path.");
            var entry = FileEntries.Of(path, setting);
            if (entry.Kind == FileEntryKind.Folder)
            {
                var inside = new List<string>();
                Walk(path, entry, [], inside, setting);
                found.AddRange(inside.Order(StringComparer.Ordinal).Select(f => new FileInfo(f)));
            }
            else
            {
                found.Add(Regular(path, entry, setting));
            }
        }

        return found;
    }

    /// <summary>The regular file at a path.</summary>
    /// <exception cref="InvalidDataException">There is none.</exception>
    public static FileInfo Regular(string path, string setting) => Regular(path, FileEntries.Of(path, setting), setting);

    /// <summary>Opens a regular file to read.</summary>
    /// <exception cref="InvalidDataException">It cannot be opened.</exception>
    public static FileStream Open(string path, string setting)
    {
        Regular(path, setting);
        return Guard(() => new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.Read | FileShare.Delete, 1 << 16), path, setting);
    }

    /// <summary>All bytes of a regular file that may have at most so many.</summary>
    /// <exception cref="InvalidDataException">It cannot be read or is longer.</exception>
    public static byte[] ReadAll(string path, long limit, string setting)
    {
        using var file = Open(path, setting);
        if (file.Length > limit) throw new InvalidDataException($"{setting}: {path} has {file.Length} bytes, which is too much to be right; at most {limit} are read.");
        var bytes = new byte[file.Length];
        return Guard(
            () =>
            {
                file.ReadExactly(bytes);
                return bytes;
            },
            path, setting);
    }

    /// <summary>Does something with a file; what the system refuses is the data's fault.</summary>
    /// <exception cref="InvalidDataException">The system refused.</exception>
    public static T Guard<T>(Func<T> work, string path, string setting)
    {
        try
        {
            return work();
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new InvalidDataException($"{setting}: {Path.GetFullPath(path)} cannot be read: {e.Message}", e);
        }
    }

    private static FileInfo Regular(string path, FileEntry entry, string setting) =>
        entry.Kind == FileEntryKind.File ? new FileInfo(path) : throw new InvalidDataException($"{setting}: {Path.GetFullPath(path)} is {entry.Description}, not a file.");

    // Links are followed, so a folder can contain itself: the ones on the way down are remembered by what they are, not by their names.
    private static void Walk(string folder, FileEntry entry, HashSet<(long, long)> above, List<string> files, string setting)
    {
        if (!above.Add((entry.Device, entry.Inode))) throw new InvalidDataException($"{setting}: {Path.GetFullPath(folder)} is a link to a folder that contains it.");
        foreach (var path in Guard(() => Directory.GetFileSystemEntries(folder), folder, setting))
        {
            var inside = FileEntries.Of(path, setting);
            if (inside.Kind == FileEntryKind.Folder) Walk(path, inside, above, files, setting);
            else files.Add(Regular(path, inside, setting).ToString());
        }

        above.Remove((entry.Device, entry.Inode));
    }
}
