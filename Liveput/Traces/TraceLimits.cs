namespace Parcae.Liveput.Traces;

/// <summary>What a trace may hold at most, so that no input can make a reader allocate without bound.</summary>
public static class TraceLimits
{
    /// <summary>Intervals of a trace, those of all its zones counted together.</summary>
    public const int MaxIntervals = 10_000_000;

    /// <summary>Instances in any one number of a trace: added, removed or available.</summary>
    public const int MaxCount = 1_000_000;

    /// <summary>Zones of a trace, and likewise its segments.</summary>
    public const int MaxParts = 1_000;

    /// <summary>Shortest interval, seconds.</summary>
    public const double MinIntervalSeconds = 0.001;

    /// <summary>Longest interval, seconds: 365 days.</summary>
    public const double MaxIntervalSeconds = 31_536_000;

    /// <summary>Size of a file that is read, bytes: 64 MiB.</summary>
    public const int MaxFileBytes = 64 << 20;

    /// <summary>Whether an interval can be so long.</summary>
    internal static bool IsInterval(double seconds) => seconds is >= MinIntervalSeconds and <= MaxIntervalSeconds;
}
