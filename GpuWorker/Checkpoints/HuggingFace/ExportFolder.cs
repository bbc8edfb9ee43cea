namespace Parcae.GpuWorker.Checkpoints;

/// <summary>A folder that appears whole under its name or not at all.</summary>
internal static class ExportFolder
{
    /// <summary>Writes a folder.</summary>
    /// <param name="folder">Its name; must not exist, or be empty.</param>
    /// <param name="write">Fills the folder that it is given.</param>
    /// <exception cref="CheckpointException">It is not empty, or cannot be written.</exception>
    public static void Write(string folder, Action<string> write)
    {
        folder = Path.TrimEndingDirectorySeparator(Path.GetFullPath(folder));
        try
        {
            if (File.Exists(folder) || (Directory.Exists(folder) && Directory.EnumerateFileSystemEntries(folder).Any()))
                throw new CheckpointException(folder, "it is there already and not an empty folder; name a fresh one.");
            var above = Path.GetDirectoryName(folder) ?? throw new CheckpointException(folder, "it cannot be written to as a whole; name a folder in it.");
            DurableFile.CreateFolder(above);
            var unfinished = Path.Combine(above, $".{Path.GetFileName(folder)}{DurableFile.Unfinished}-{Guid.NewGuid():N}");
            Directory.CreateDirectory(unfinished);
            try
            {
                write(unfinished);
                if (Directory.Exists(folder)) Directory.Delete(folder);
                Directory.Move(unfinished, folder);
            }
            catch
            {
                Directory.Delete(unfinished, recursive: true);
                throw;
            }

            DurableFile.FlushFolder(above);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new CheckpointException(folder, $"it cannot be written: {e.Message}", e);
        }
    }
}
