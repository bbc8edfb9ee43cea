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
        int faults = Setting("PARCAE_CHAOS_FAULTS", 30), seed = Setting("PARCAE_CHAOS_SEED", 1), told = 0;
        string[] open = Sockets();
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

        // Threads that were let go may take a moment to close theirs.
        SpinWait.SpinUntil(() => Sockets().Length <= open.Length, TimeSpan.FromSeconds(10));
        Assert.Equal(open, Sockets());

        void Tell(string line)
        {
            told++;
            TestContext.Current.TestOutputHelper?.WriteLine(line);
            if (Environment.GetEnvironmentVariable("PARCAE_CHAOS_REPORT") is { Length: > 0 } path) File.AppendAllLines(path, [line]);
        }
    }

    private static int Setting(string name, int otherwise) => Environment.GetEnvironmentVariable(name) is { Length: > 0 } text ? int.Parse(text, CultureInfo.InvariantCulture) : otherwise;

    /// <summary>The sockets that this process has open: number, and what the system says of each that is one of TCP (addresses, state).</summary>
    private static string[] Sockets()
    {
        var known = File.ReadLines("/proc/self/net/tcp").Skip(1).Select(l => l.Split(' ', StringSplitOptions.RemoveEmptyEntries)).ToLookup(f => f[9], f => $"{f[1]} {f[2]} {f[3]}");
        return [.. Directory.GetFiles("/proc/self/fd").Select(f => new FileInfo(f).LinkTarget).OfType<string>().Where(l => l.StartsWith("socket:[", StringComparison.Ordinal))
            .Select(l => l["socket:[".Length..^1]).Select(n => $"{n} {string.Join(", ", known[n])}").Order()];
    }
}
