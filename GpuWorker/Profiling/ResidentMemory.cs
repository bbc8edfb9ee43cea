namespace Parcae.GpuWorker.Profiling;

/// <summary>The most memory that this process had resident since it was last asked (Linux).</summary>
internal static class ResidentMemory
{
    // 5: begin to count the peak anew (proc(5)).
    private const string Reset = "/proc/self/clear_refs", Status = "/proc/self/status";

    /// <summary>Bytes; 0 where the system does not say.</summary>
    public static long TakePeak()
    {
        if (!File.Exists(Status)) return 0;
        string? line = File.ReadLines(Status).FirstOrDefault(l => l.StartsWith("VmHWM:", StringComparison.Ordinal));
        long peak = line is not null && long.TryParse(line.AsSpan("VmHWM:".Length, line.Length - "VmHWM:".Length - "kB".Length), out long kilobytes) ? kilobytes * 1024 : 0;
        try
        {
            File.WriteAllText(Reset, "5");
            return peak;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            // Then the next peak would be this one's too.
            return 0;
        }
    }
}
