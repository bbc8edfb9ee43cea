using System.Globalization;
using Parcae.GpuWorker.Tests.Pipeline;
using Xunit;

namespace Parcae.GpuWorker.Tests.Faults;

/// <summary>Many faults on end in one job; asked for with <c>--explicit only</c>, as it takes minutes. PARCAE_CHAOS_FAULTS and PARCAE_CHAOS_SEED make it longer or another one; the file PARCAE_CHAOS_REPORT takes the report, line by line.</summary>
[Collection(AloneCollection.Name)] // it counts what the process holds open
public sealed class ChaosTests
{
    [Fact(Explicit = true)]
    public async Task Every_step_is_what_it_would_have_been()
    {
        int faults = Setting("PARCAE_CHAOS_FAULTS", 30), seed = Setting("PARCAE_CHAOS_SEED", 1), open = Sockets(), told = 0;
        await using (var cluster = new WorkerCluster(TestJobs.Small) { Faults = true, HeartbeatSeconds = 1 })
        {
            var run = new ChaosRun(cluster, seed, Tell);
            try
            {
                await run.RunAsync(faults);
            }
            catch
            {
                Tell($"failed at {run.Current}; {string.Join("; ", await cluster.StatusAsync())}");
                throw;
            }

            Assert.Equal(faults, told);
            await Undisturbed.AssertAsync(cluster);
            Tell($"{cluster.Results.Count} steps: every loss, norm and checksum and every byte of the state as undisturbed");
        }

        Assert.Equal(open, Sockets());

        void Tell(string line)
        {
            told++;
            TestContext.Current.TestOutputHelper?.WriteLine(line);
            if (Environment.GetEnvironmentVariable("PARCAE_CHAOS_REPORT") is { Length: > 0 } path) File.AppendAllLines(path, [line]);
        }
    }

    private static int Setting(string name, int otherwise) => Environment.GetEnvironmentVariable(name) is { Length: > 0 } text ? int.Parse(text, CultureInfo.InvariantCulture) : otherwise;

    private static int Sockets() => Directory.GetFiles("/proc/self/fd").Count(f => new FileInfo(f).LinkTarget?.StartsWith("socket:", StringComparison.Ordinal) == true);
}
