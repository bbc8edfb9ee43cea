using System.IO.Enumeration;

namespace Parcae.GpuWorker.Data;

/// <summary>
/// CIFAR-10 or CIFAR-100 in its binary version, normalised with the data set's mean and standard deviation. Of a folder, the files that the data set names are read, in ordinal
/// order of their paths; a file that is named itself may be called anything. The test file is never trained on, whether it lies in a folder or is named itself: its records come
/// after all training records.
/// </summary>
internal sealed class CifarImages : IImageSet
{
    private const string Setting = "data.paths";
    private readonly CifarFormat _format;
    private readonly CifarFile[] _files;
    private readonly float[] _values;
    private readonly float[] _black;

    /// <summary>Opens the files that the paths name, all of them checked.</summary>
    /// <exception cref="InvalidDataException">There are none, they cannot be read, or are not what they should be.</exception>
    public CifarImages(CifarFormat format, IReadOnlyList<string> paths)
    {
        _format = format;
        var training = new List<string>();
        var test = new List<string>();
        foreach (var path in paths)
        {
            foreach (var file in DataFiles.Find([path], Setting))
            {
                bool named = file.ToString() == path;
                if (file.Name == format.TestFile) test.Add(file.FullName);
                else if (named || FileSystemName.MatchesSimpleExpression(format.TrainingFiles, file.Name, ignoreCase: false)) training.Add(file.FullName);
            }
        }

        if (training.Count == 0)
        {
            throw new InvalidDataException(
                $"{Setting}: there are no training images of {format.Name} in {(paths.Count == 0 ? "no path" : string.Join(", ", paths))}; folders are searched for {format.TrainingFiles}.");
        }

        var opened = new List<CifarFile>();
        try
        {
            foreach (var path in training.Concat(test)) opened.Add(new CifarFile(path, format));
        }
        catch
        {
            foreach (var file in opened) file.Dispose();
            throw;
        }

        _files = [.. opened];
        Training = _files.Take(training.Count).Sum(f => f.Count);
        Test = _files.Skip(training.Count).Sum(f => f.Count);
        _values = [.. Enumerable.Range(0, CifarFormat.Channels).SelectMany(c => Enumerable.Range(0, 256).Select(v => (float)((v / 255.0 - format.Mean[c]) / format.Deviation[c])))];
        _black = [.. Enumerable.Range(0, CifarFormat.Channels).Select(c => _values[256 * c])];
    }

    /// <summary>Records to train on: 0 .. Training-1.</summary>
    public long Training { get; }

    /// <summary>Records of the test file, after those.</summary>
    public long Test { get; }

    public int Channels => CifarFormat.Channels;

    public int Size => CifarFormat.Size;

    public ReadOnlySpan<float> Black => _black;

    public (long Class, ulong Checksum) Read(long record, long number, Span<float> pixels)
    {
        var bytes = Record(record);
        int labels = _format.Labels.Length;
        const int Plane = CifarFormat.Size * CifarFormat.Size;
        for (int channel = 0; channel < CifarFormat.Channels; channel++)
        {
            var values = _values.AsSpan(channel * 256, 256);
            var plane = bytes.Slice(labels + channel * Plane, Plane);
            var into = pixels.Slice(channel * Plane, Plane);
            for (int i = 0; i < Plane; i++) into[i] = values[plane[i]];
        }

        return (bytes[labels - 1], SampleHash.Of(number, bytes));
    }

    public void Dispose()
    {
        foreach (var file in _files) file.Dispose();
    }

    private ReadOnlySpan<byte> Record(long record)
    {
        foreach (var file in _files)
        {
            if (record < file.Count) return file.Record(record);
            record -= file.Count;
        }

        throw new ArgumentOutOfRangeException(nameof(record), $"There are {Training} training and {Test} test images.");
    }
}
