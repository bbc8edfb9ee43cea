using System.Globalization;
using Parcae.GpuWorker.Tests.Pipeline;
using Xunit;

namespace Parcae.GpuWorker.Tests.Faults;

/// <summary>Many faults on end in one job. PARCAE_CHAOS_FAULTS and PARCAE_CHAOS_SEED make it longer or another one; PARCAE_CHAOS_REPORT takes the report.</summary>
[Collection(AloneCollection.Name)] // it counts what the process holds open
public sealed class ChaosTests
{
    [Fact]
    public async Task Every_step_is_what_it_would_have_been()
    {
        int faults = Setting("PARCAE_CHAOS_FAULTS", 30), seed = Setting("PARCAE_CHAOS_SEED", 1);
        int open = Sockets();
        var cluster = new WorkerCluster(TestJobs.Small) { Faults = true, HeartbeatSeconds = 1 };
        var run = new ChaosRun(cluster, seed);
        try
        {
            await run.RunAsync(faults);
            Assert.Equal(faults, run.Report.Count);
            await Undisturbed.AssertAsync(cluster);
            run.Report.Add($"{cluster.Results.Count} steps, every loss, norm and checksum and every byte of the state as undisturbed");
        }
        finally
        {
            if (run.Report.Count < faults) run.Report.Add($"{run.Current}; {string.Join("; ", await cluster.StatusAsync())}");
            foreach (string line in run.Report) TestContext.Current.TestOutputHelper?.WriteLine(line);
            if (Environment.GetEnvironmentVariable("PARCAE_CHAOS_REPORT") is { Length: > 0 } path) await File.WriteAllLinesAsync(path, run.Report, CancellationToken.None);
            await cluster.DisposeAsync();
        }

        Assert.Equal(open, Sockets());
    }

    private static int Setting(string name, int otherwise) => Environment.GetEnvironmentVariable(name) is { Length: > 0 } text ? int.Parse(text, CultureInfo.InvariantCulture) : otherwise;

    private static int Sockets() => Directory.GetFiles("/proc/self/fd").Count(f => new FileInfo(f).LinkTarget?.StartsWith("socket:", StringComparison.Ordinal) == true);
}
