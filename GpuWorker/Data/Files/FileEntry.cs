using System.Runtime.InteropServices;

namespace Parcae.GpuWorker.Data;

/// <summary>What a path leads to, links followed. Asked for before a file is opened: to open a pipe is to wait for whoever writes into it.</summary>
/// <param name="Kind">A regular file, a folder or something else.</param>
/// <param name="Description">For messages: <c>a pipe</c>.</param>
/// <param name="Device">With <paramref name="Inode"/>: which file it is, whatever its path.</param>
/// <param name="Inode">See <paramref name="Device"/>.</param>
internal readonly record struct FileEntry(FileEntryKind Kind, string Description, long Device, long Inode);

/// <summary>Kinds of directory entries as far as data is concerned.</summary>
internal enum FileEntryKind
{
    /// <summary>A regular file.</summary>
    File,

    /// <summary>A folder.</summary>
    Folder,

    /// <summary>A device, a pipe or a socket.</summary>
    Other,
}

/// <summary>Reads directory entries with statx(2): .NET does not tell a pipe from a file, and its layout is the same on every architecture.</summary>
internal static unsafe partial class FileEntries
{
    private const int CurrentFolder = -100; // AT_FDCWD
    private const uint TypeAndInode = 0x1 | 0x100; // STATX_TYPE | STATX_INO
    private const int NoSuchEntry = 2; // ENOENT

    // struct statx
    private const int Size = 256, ModeAt = 28, InodeAt = 32, DeviceMajorAt = 136, DeviceMinorAt = 140;

    /// <summary>What a path leads to.</summary>
    /// <param name="path">The path.</param>
    /// <param name="setting">The setting that named it, for messages.</param>
    /// <exception cref="InvalidDataException">There is nothing, or it cannot be reached: no permission, a loop of links.</exception>
    public static FileEntry Of(string path, string setting)
    {
        byte* entry = stackalloc byte[Size];
        if (path.Contains('\0', StringComparison.Ordinal)) throw new InvalidDataException($"{setting}: a path with a zero character in it names no file.");
        if (Statx(CurrentFolder, path, 0, TypeAndInode, entry) != 0)
        {
            int error = Marshal.GetLastPInvokeError();
            throw new InvalidDataException(error == NoSuchEntry
                ? $"{setting}: there is no file or folder {Path.GetFullPath(path)}."
                : $"{setting}: {Path.GetFullPath(path)} cannot be read: {Marshal.GetPInvokeErrorMessage(error)}.");
        }

        long device = ((long)*(uint*)(entry + DeviceMajorAt) << 32) | *(uint*)(entry + DeviceMinorAt);
        var (kind, description) = (*(ushort*)(entry + ModeAt) & 0xF000) switch
        {
            0x8000 => (FileEntryKind.File, "a file"),
            0x4000 => (FileEntryKind.Folder, "a folder"),
            0x1000 => (FileEntryKind.Other, "a pipe"),
            0x2000 => (FileEntryKind.Other, "a character device"),
            0x6000 => (FileEntryKind.Other, "a block device"),
            0xC000 => (FileEntryKind.Other, "a socket"),
            _ => (FileEntryKind.Other, "neither a file nor a folder"),
        };
        return new FileEntry(kind, description, device, *(long*)(entry + InodeAt));
    }

    [LibraryImport("libc", EntryPoint = "statx", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial int Statx(int folder, string path, int flags, uint mask, byte* entry);
}
