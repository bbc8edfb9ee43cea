using Parcae.Grains;

namespace Parcae.Cli;

/// <summary>Quantities and kinds as people read them.</summary>
internal static class Words
{
    private static readonly string[] Units = ["B", "KB", "MB", "GB", "TB", "PB"];

    /// <summary>Bytes in decimal units: <c>3.2 MB</c>.</summary>
    public static string Bytes(long bytes)
    {
        double value = bytes;
        int unit = 0;
        while (Math.Abs(value) >= 999.5 && unit < Units.Length - 1)
        {
            value /= 1000;
            unit++;
        }

        return unit == 0 ? $"{bytes} B" : $"{value.ToString(Math.Abs(value) < 10 ? "0.0" : "0")} {Units[unit]}";
    }

    /// <summary>Milliseconds: <c>212 ms</c>, <c>1.4 s</c>.</summary>
    public static string Milliseconds(double milliseconds) => milliseconds < 999.5 ? $"{milliseconds:0} ms" : $"{milliseconds / 1000:0.0} s";

    /// <summary>Count of parameters: <c>1.25 M</c>.</summary>
    public static string Count(long count) => count switch
    {
        >= 1_000_000_000 => $"{count / 1e9:0.##} G",
        >= 1_000_000 => $"{count / 1e6:0.##} M",
        >= 10_000 => $"{count / 1e3:0.#} k",
        _ => $"{count}",
    };

    /// <summary>A span as a clock: <c>02:05</c>.</summary>
    public static string Clock(TimeSpan span) => span.TotalHours < 1 ? $"{span:mm\\:ss}" : $"{(int)span.TotalHours}:{span:mm\\:ss}";

    /// <summary>How far a follower is behind: <c>1 step behind</c>.</summary>
    public static string Behind(int? steps) => steps switch
    {
        null => "follows",
        0 => "up to date",
        1 => "1 step behind",
        _ => $"{steps} steps behind",
    };

    /// <summary>A kind of migration.</summary>
    public static string Kind(MigrationKind kind) => kind switch
    {
        MigrationKind.IntraStage => "intra-stage",
        MigrationKind.InterStage => "inter-stage",
        _ => $"{kind}".ToLowerInvariant(),
    };
}
