using System.Runtime.InteropServices;

namespace Parcae.GpuWorker.Checkpoints;

/// <summary>
/// Files that appear whole under their name or not at all, and are still there after the machine loses power: written under another name, flushed to the disk,
/// renamed, and the folder flushed too. As durable as the file system: one that answers a flush before it has written keeps no promise of ours.
/// </summary>
internal static partial class DurableFile
{
    /// <summary>What names of files end in that are still being written.</summary>
    public const string Unfinished = ".tmp";

    private const int InvalidArgument = 22, NotSupported = 95;

    /// <summary>Writes a file.</summary>
    /// <param name="path">Its name; what is there is replaced.</param>
    /// <param name="write">Writes the contents.</param>
    /// <exception cref="IOException">It could not be written; what was there is untouched.</exception>
    public static void Write(string path, Action<Stream> write)
    {
        var temporary = path + Unfinished;
        File.Delete(temporary); // of a writer that was killed
        try
        {
            // CreateNew: what somebody else has put there, a link above all, is not written through.
            using (var file = new FileStream(temporary, FileMode.CreateNew, FileAccess.Write, FileShare.None, bufferSize: 0))
            {
                write(file);
                file.Flush(flushToDisk: true);
            }

            File.Move(temporary, path, overwrite: true);
        }
        catch
        {
            File.Delete(temporary); // on a full disk half a file would keep the next one from being written
            throw;
        }

        FlushFolder(Path.GetDirectoryName(Path.GetFullPath(path))!);
    }

    /// <summary>Makes a folder and those above it that are missing, so that they outlast a loss of power.</summary>
    public static void CreateFolder(string path)
    {
        path = Path.TrimEndingDirectorySeparator(Path.GetFullPath(path));
        if (Directory.Exists(path)) return;
        var above = Path.GetDirectoryName(path)!;
        CreateFolder(above);
        Directory.CreateDirectory(path);
        FlushFolder(above);
    }

    /// <summary>Flushes a folder's entries to the disk. Windows has no such thing; some network file systems refuse it, which means that a rename is durable at once or never.</summary>
    public static void FlushFolder(string path)
    {
        if (OperatingSystem.IsWindows()) return;
        int folder = Open(path, 0); // O_RDONLY
        if (folder < 0) throw Failure(path);
        try
        {
            if (FSync(folder) != 0 && Marshal.GetLastPInvokeError() is not (InvalidArgument or NotSupported)) throw Failure(path);
        }
        finally
        {
            _ = Close(folder);
        }
    }

    private static IOException Failure(string path) => new($"The folder {path} could not be flushed to the disk: {Marshal.GetLastPInvokeErrorMessage()}.");

    [LibraryImport("libc", EntryPoint = "open", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static partial int Open(string path, int flags);

    [LibraryImport("libc", EntryPoint = "fsync", SetLastError = true)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static partial int FSync(int descriptor);

    [LibraryImport("libc", EntryPoint = "close", SetLastError = true)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static partial int Close(int descriptor);
}
