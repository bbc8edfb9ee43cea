using System.IO.MemoryMappedFiles;

namespace Parcae.GpuWorker.Data;

/// <summary>A file's bytes as memory. The file must not be cut off while it is mapped.</summary>
internal sealed unsafe class MappedFile : IDisposable
{
    private readonly MemoryMappedFile _file;
    private readonly MemoryMappedViewAccessor _view;
    private readonly byte* _start;

    /// <summary>Maps a file that is not empty.</summary>
    /// <param name="file">Open; becomes this object's.</param>
    public MappedFile(FileStream file)
    {
        Length = file.Length;
        _file = MemoryMappedFile.CreateFromFile(file, mapName: null, 0, MemoryMappedFileAccess.Read, HandleInheritability.None, leaveOpen: false);
        _view = _file.CreateViewAccessor(0, 0, MemoryMappedFileAccess.Read);
        byte* start = null;
        _view.SafeMemoryMappedViewHandle.AcquirePointer(ref start);
        _start = start + _view.PointerOffset;
    }

    /// <summary>Bytes.</summary>
    public long Length { get; }

    /// <summary>The bytes [from, from + count). Valid until the file is disposed.</summary>
    public ReadOnlySpan<byte> Read(long from, int count)
    {
        ObjectDisposedException.ThrowIf(_view.SafeMemoryMappedViewHandle.IsClosed, this);
        if (from < 0 || count < 0 || from > Length - count)
            throw new ArgumentOutOfRangeException(nameof(from), $"Bytes {from}..{from + count - 1} are not among the {Length} there are.");
        return new(_start + from, count);
    }

    public void Dispose()
    {
        if (!_view.SafeMemoryMappedViewHandle.IsClosed) _view.SafeMemoryMappedViewHandle.ReleasePointer();
        _view.Dispose();
        _file.Dispose();
    }
}
