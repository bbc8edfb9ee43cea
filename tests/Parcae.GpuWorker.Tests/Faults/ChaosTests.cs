using System.Globalization;
using Parcae.GpuWorker.Tests.Pipeline;
using Parcae.GpuWorker.Tests.Security;
using Parcae.GpuWorker.Transport;
using TorchSharp;
using Xunit;

namespace Parcae.GpuWorker.Tests.Faults;

/// <summary>
/// Many faults on end in one job (docs/chaos.md). PARCAE_CHAOS_FAULTS and PARCAE_CHAOS_SEED make it longer or another one, as <c>tests/chaos</c> does; with PARCAE_CHAOS_TLS=1 over mutual TLS; the file PARCAE_CHAOS_REPORT takes the report, line by line.
/// </summary>
[Collection(AloneCollection.Name)] // it counts what the process holds open
public sealed class ChaosTests
{
    // What may be kept for reuse: one round to the next.
    private const long Leeway = 64 << 20;

    [Fact]
    public async Task Every_step_is_what_it_would_have_been()
    {
        int faults = Setting("PARCAE_CHAOS_FAULTS", 30), seed = Setting("PARCAE_CHAOS_SEED", 1);
        string[] open = Sockets();
        long tensors = Tensors();
        int blocks = NativeBlock.Alive;
        var resident = new List<long>();
        await using (var cluster = new WorkerCluster(TestJobs.Small) { Faults = true, HeartbeatSeconds = 1, Tls = Environment.GetEnvironmentVariable("PARCAE_CHAOS_TLS") is "1" ? TestAuthority.Shared.Member() : null })
        {
            var run = new ChaosRun(cluster, seed, Tell);
            try
            {
                await run.RunAsync(faults, () => resident.Add(Resident()));
            }
            catch (Exception e)
            {
                Tell($"failed at {run.Current}: {e.Message}; {string.Join("; ", await cluster.StatusAsync())}");
                throw;
            }

            await Undisturbed.AssertAsync(cluster);
            Tell($"{run.Struck} of {faults} faults struck (seed {seed}); {cluster.Results.Count} steps, each committed once, {cluster.Replayed} of them run again from the vault; "
                + "every loss, norm and checksum and every byte of the state as undisturbed, difference 0");
        }

        // Threads that were let go may take a moment to close theirs.
        SpinWait.SpinUntil(() => Sockets().Length <= open.Length && Tensors() <= tensors && NativeBlock.Alive <= blocks, Patience.Long);
        // What tests before this one had let go may have been collected meanwhile.
        Assert.Empty(Sockets().Except(open));
        Assert.InRange(Tensors(), 0, tensors);
        Assert.InRange(NativeBlock.Alive, 0, blocks);
        Tell($"no socket, tensor or frame is left; resident memory after each {ChaosRun.RoundLength} faults, MiB: {string.Join(", ", resident.Select(r => r >> 20))}");
        // The first rounds fill what is kept for reuse.
        if (resident.Count > 2) Assert.InRange(resident[^1], 0, resident[1] + Leeway);
    }

    private static void Tell(string line)
    {
        TestContext.Current.TestOutputHelper?.WriteLine(line);
        if (Environment.GetEnvironmentVariable("PARCAE_CHAOS_REPORT") is { Length: > 0 } path) File.AppendAllLines(path, [line]);
    }

    private static int Setting(string name, int otherwise) => Environment.GetEnvironmentVariable(name) is { Length: > 0 } text ? int.Parse(text, CultureInfo.InvariantCulture) : otherwise;

    private static long Resident()
    {
        GC.Collect();
        GC.WaitForPendingFinalizers();
        using var self = System.Diagnostics.Process.GetCurrentProcess();
        return self.WorkingSet64;
    }

    private static long Tensors() => torch.Tensor.TotalCount;

    /// <summary>The sockets that this process has open: number, and what the system says of each that is one of TCP (addresses, state).</summary>
    private static string[] Sockets()
    {
        var known = File.ReadLines("/proc/self/net/tcp").Skip(1).Select(l => l.Split(' ', StringSplitOptions.RemoveEmptyEntries)).ToLookup(f => f[9], f => $"{f[1]} {f[2]} {f[3]}");
        return [.. Directory.GetFiles("/proc/self/fd").Select(f => new FileInfo(f).LinkTarget).OfType<string>().Where(l => l.StartsWith("socket:[", StringComparison.Ordinal))
            .Select(l => l["socket:[".Length..^1]).Select(n => $"{n} {string.Join(", ", known[n])}").Order()];
    }
}
