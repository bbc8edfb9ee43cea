namespace Parcae.Grains.Security;

/// <summary>What is made of files that may be replaced while the service runs. They are looked at again when it is asked for, at most every ten seconds.</summary>
/// <typeparam name="T">What is made of them.</typeparam>
internal sealed class RereadFiles<T>
{
    private static readonly TimeSpan Interval = TimeSpan.FromSeconds(10);

    private readonly string[] _files;
    private readonly Func<string[], T> _make;
    private readonly TimeProvider _time;
    private readonly Lock _lock = new();
    private string[] _texts;
    private T _made;
    private long _readAt;

    /// <summary>Reads them.</summary>
    /// <param name="files">Their names.</param>
    /// <param name="make">Makes it of their texts; what it refuses is an <see cref="InvalidDataException"/>.</param>
    /// <param name="time">The clock.</param>
    /// <exception cref="InvalidDataException">One cannot be read, or does not do.</exception>
    public RereadFiles(string[] files, Func<string[], T> make, TimeProvider time)
    {
        (_files, _make, _time) = (files, make, time);
        _texts = ReadTexts();
        _made = make(_texts);
        _readAt = time.GetTimestamp();
    }

    /// <summary>Why they could not be read again; null: they are good, and in use.</summary>
    public string? Problem { get; private set; }

    /// <summary>What is made of the files as they are, or as they were when they could last be used.</summary>
    public T Current
    {
        get
        {
            lock (_lock)
            {
                if (_time.GetElapsedTime(_readAt) < Interval) return _made;
                _readAt = _time.GetTimestamp();
                try
                {
                    string[] texts = ReadTexts();
                    if (!texts.AsSpan().SequenceEqual(_texts)) (_made, _texts) = (_make(texts), texts);
                    Problem = null;
                }
                catch (InvalidDataException e)
                {
                    // They may be being written: what was read before is as good as it was.
                    Problem = e.Message;
                }

                return _made;
            }
        }
    }

    private string[] ReadTexts() => [.. _files.Select(FileProblems.Read)];
}
