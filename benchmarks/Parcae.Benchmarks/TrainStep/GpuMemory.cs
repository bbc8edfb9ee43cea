using System.Diagnostics;
using System.Globalization;

namespace Parcae.Benchmarks.TrainStep;

/// <summary>What the driver's own program says of the first GPU.</summary>
internal static class GpuMemory
{
    /// <summary>Its name, driver and memory.</summary>
    public static string Describe() => Ask("name,driver_version,memory.total");

    /// <summary>Bytes of it in use, by all processes.</summary>
    public static double Used() => double.Parse(Ask("memory.used").Split(' ')[0], CultureInfo.InvariantCulture) * (1 << 20);

    private static string Ask(string what)
    {
        using var process = Process.Start(new ProcessStartInfo("nvidia-smi", ["--id=0", $"--query-gpu={what}", "--format=csv,noheader"]) { RedirectStandardOutput = true })!;
        string answer = process.StandardOutput.ReadToEnd().Trim();
        process.WaitForExit();
        return process.ExitCode == 0 ? answer : throw new InvalidOperationException($"nvidia-smi ended with {process.ExitCode}: {answer}");
    }
}
