namespace Parcae.Liveput.Costs.Constants;

/// <summary>Measured time of a point-to-point transfer by its size, linear between the measurements and proportional past the last.</summary>
public sealed class TransferTable
{
    private readonly double[] _bytes;
    private readonly double[] _milliseconds;

    /// <summary>A table.</summary>
    /// <param name="points">Bytes and milliseconds, ascending by bytes; at least one.</param>
    /// <exception cref="ArgumentException">There is no point, sizes do not grow, or a time is negative or not a number.</exception>
    public TransferTable(IReadOnlyList<(double Bytes, double Milliseconds)> points)
    {
        ArgumentNullException.ThrowIfNull(points);
        if (points.Count == 0) throw new ArgumentException("A transfer table needs at least one point.", nameof(points));
        for (int i = 0; i < points.Count; i++)
        {
            var (bytes, milliseconds) = points[i];
            if (!(bytes > 0) || !double.IsFinite(bytes) || (i > 0 && bytes <= points[i - 1].Bytes))
            {
                throw new ArgumentException($"Point {i} is for {bytes} bytes; sizes must be above 0 and grow from point to point.", nameof(points));
            }

            if (!(milliseconds >= 0) || !double.IsFinite(milliseconds)) throw new ArgumentException($"Point {i} takes {milliseconds} ms; a time must be at least 0.", nameof(points));
        }

        _bytes = [.. points.Select(p => p.Bytes)];
        _milliseconds = [.. points.Select(p => p.Milliseconds)];
    }

    /// <summary>Between two p3.2xlarge at 10 Gb/s, measured for the Parcae artifact (NSDI '24).</summary>
    public static TransferTable TenGigabit { get; } = new([
        (4, 0.142907), (8, 0.139679), (16, 0.143102), (32, 0.13921), (64, 0.143954), (128, 0.140836), (256, 0.141442), (512, 0.144788), (1024, 0.137372),
        (2048, 0.140417), (4096, 0.141651), (8192, 0.145364), (16384, 0.154935), (32768, 0.162665), (65536, 0.194492), (131072, 0.230588), (262144, 0.385104),
        (524288, 0.689821), (1048576, 1.428108), (2097152, 3.006771), (4194304, 5.182599), (8388608, 9.727047), (16777216, 18.622294), (33554432, 38.560219),
        (67108864, 74.432216), (134217728, 153.550589), (268435456, 305.811282), (536870912, 601.380752), (1073741824, 1198.2559)]);

    /// <summary>A link of a bandwidth, without latency.</summary>
    /// <param name="bytesPerSecond">Above 0.</param>
    public static TransferTable OfBandwidth(double bytesPerSecond)
    {
        if (!(bytesPerSecond > 0) || !double.IsFinite(bytesPerSecond)) throw new ArgumentOutOfRangeException(nameof(bytesPerSecond), bytesPerSecond, "A bandwidth must be above 0.");
        return new TransferTable([(bytesPerSecond / 1e9, 1e-6), (bytesPerSecond, 1000)]);
    }

    /// <summary>The measurements: bytes and milliseconds, ascending.</summary>
    public IEnumerable<(double Bytes, double Milliseconds)> Points => _bytes.Zip(_milliseconds);

    /// <summary>Milliseconds for a number of bytes; below the smallest measurement, its time.</summary>
    public double Milliseconds(double bytes)
    {
        if (bytes <= _bytes[0]) return _milliseconds[0];
        if (bytes >= _bytes[^1]) return _milliseconds[^1] * bytes / _bytes[^1];
        int above = Array.BinarySearch(_bytes, bytes);
        if (above >= 0) return _milliseconds[above];
        above = ~above;
        double share = (bytes - _bytes[above - 1]) / (_bytes[above] - _bytes[above - 1]);
        return _milliseconds[above - 1] + (share * (_milliseconds[above] - _milliseconds[above - 1]));
    }
}
