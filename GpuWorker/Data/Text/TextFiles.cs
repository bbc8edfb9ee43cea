namespace Parcae.GpuWorker.Data;

/// <summary>Files and folders as they are, byte by byte; folders recursively, in ordinal order of their paths.</summary>
internal sealed class TextFiles : ITextSource
{
    private const string Setting = "data.paths";

    /// <exception cref="InvalidDataException">A path leads to no file or folder that can be read.</exception>
    public TextFiles(IReadOnlyList<string> paths)
    {
        Description = string.Join(", ", paths);
        Files = DataFiles.Find(paths, Setting);
    }

    public string Kind => "bytes";

    public string Description { get; }

    public IReadOnlyList<FileInfo> Files { get; }

    public void Read(TextSink sink)
    {
        var buffer = new byte[1 << 20];
        foreach (var file in Files)
        {
            using var stream = DataFiles.Open(file.FullName, Setting);
            for (int read; (read = DataFiles.Guard(() => stream.Read(buffer), file.FullName, Setting)) > 0;) sink(buffer.AsSpan(0, read));
        }
    }
}
