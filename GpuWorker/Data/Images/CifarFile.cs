namespace Parcae.GpuWorker.Data;

/// <summary>One file of CIFAR records, memory-mapped.</summary>
internal sealed class CifarFile : IDisposable
{
    private const string Setting = "data.paths";
    private readonly MappedFile _file;
    private readonly int _recordBytes;

    /// <summary>Opens a file and checks its size and every label.</summary>
    /// <param name="path">The file.</param>
    /// <param name="format">What it should be.</param>
    /// <exception cref="InvalidDataException">It is not.</exception>
    public CifarFile(string path, CifarFormat format)
    {
        _recordBytes = format.RecordBytes;
        var stream = DataFiles.Open(path, Setting);
        var (count, rest) = Math.DivRem(stream.Length, format.RecordBytes);
        if (count == 0 || rest != 0)
        {
            long length = stream.Length;
            stream.Dispose();
            throw new InvalidDataException($"{Setting}: {path} has {length} bytes, which is not a whole number of {format.Name} records of {format.RecordBytes} bytes, at least one.");
        }

        Count = count;
        _file = new MappedFile(stream);
        for (long record = 0; record < Count; record++)
        {
            var labels = _file.Read(record * _recordBytes, format.Labels.Length);
            for (int i = 0; i < labels.Length; i++)
            {
                if (labels[i] < format.Labels[i]) continue;
                int label = labels[i];
                _file.Dispose();
                throw new InvalidDataException($"{Setting}: record {record} of {path} has the label {label}; labels of {format.Name} are from 0 to {format.Labels[i] - 1}.");
            }
        }
    }

    /// <summary>Records.</summary>
    public long Count { get; }

    /// <summary>The bytes of a record.</summary>
    public ReadOnlySpan<byte> Record(long record) => _file.Read(record * _recordBytes, _recordBytes);

    public void Dispose() => _file.Dispose();
}
