using Parcae.Benchmarks.Processes;
using Parcae.Grains;

namespace Parcae.Benchmarks.Pause;

/// <summary>
/// The longest pause of planned changes of a running job, with a small and a large state: an instance joins and the plan grows, one leaves with notice and the plan shrinks, and the depth changes on both occasions.
/// Real processes: see <see cref="MeasuredService"/>.
/// <para>
/// The pause of a change is the time between two commits that follow each other, the longest from when the service was told to the third commit of the new generation, and so at least that from the last commit of
/// the old generation to the first of the new one, with the new one's first step in it. It is held against one and a half steps of the slower of the two generations and 100 ms. Commits are seen on the workers
/// (<see cref="CommitWatch"/>), not in the service's own accounts, which are told beside them: whatever way the service takes from one plan to the next, and whatever it calls a pause, the gap is that of the training.
/// Once more with as many workers as two cores have room for: what is above the bound in the one and not in the other is the cores' doing.
/// Starting the process of a joining worker takes the cores that the others train on; that is before the service was told of it and does not count.
/// </para>
/// </summary>
internal static class PauseBenchmark
{
    private static readonly string[] Members = ["i-1", "i-2"];

    /// <summary>The same joins and leaves with a core for each worker: one member, one newcomer, no vault.</summary>
    private const string Roomy = "a core each";

    public static async Task<BenchmarkResult> RunAsync()
    {
        double load = Load;
        var changes = new List<PlannedChange>();
        await using (var service = await MeasuredService.StartAsync())
        {
            int joined = Members.Length;
            await service.JoinAsync(Members[0]);
            foreach (var job in PauseJob.All) changes.AddRange(await ChangesAsync(service, job.Name, job.WithoutVault, deep: false, Members[..1], $"i-{++joined}", $", {Roomy}"));
            await service.JoinAsync(Members[1]);
            foreach (var job in PauseJob.All)
            {
                foreach (bool deep in (bool[])[false, true])
                {
                    changes.AddRange(await ChangesAsync(service, job.Name, deep ? job.Deep : job.Wide, deep, Members, $"i-{++joined}", ""));
                }
            }
        }

        var worst = changes.MaxBy(c => c.Ratio)!;
        var roomy = changes.Where(c => c.Name.EndsWith(Roomy, StringComparison.Ordinal)).MaxBy(c => c.Ratio)!;
        return new BenchmarkResult("pause", worst.Gap, worst.Bound, worst.Ratio, "s", new Dictionary<string, object>
        {
            ["worst"] = $"{worst.Name}, {worst.Plans}, {worst.State}",
            ["worstWithACoreEach"] = $"{roomy.Name}, {roomy.Plans}, {roomy.State}: {roomy.Ratio:F2}",
            ["worstAtTheSwitch"] = Math.Round(changes.Max(c => c.SwitchGap / c.Bound), 3),
            ["longestGapSeconds"] = Math.Round(changes.Max(c => c.Gap), 3),
            ["longestCommitMilliseconds"] = Math.Round(changes.SelectMany(c => c.Records).Max(r => r.CommitMilliseconds) ?? double.NaN, 1),
            ["stateBytes"] = PauseJob.All.ToDictionary(j => j.Name, j => j.StateBytes),
            ["changes"] = changes.Select(c => c.ToDetail()).ToArray(),
            ["processes"] = $"store, control silo with vault, 2 to 3 workers, 1 thread each; '{Roomy}': 1 to 2 workers, no vault",
            ["device"] = "cpu",
            ["cores"] = Environment.ProcessorCount,
            ["loadBefore"] = load,
            ["loadAfter"] = Load,
        });
    }

    /// <summary>A job is submitted, one instance joins and leaves again, and the job ends.</summary>
    private static async Task<PlannedChange[]> ChangesAsync(MeasuredService service, string state, JobSpec job, bool deep, string[] members, string newcomer, string setting)
    {
        await using var run = await PauseRun.StartAsync(service, state, job, deep, members);
        var join = await run.MeasureAsync((deep ? "join, depth grows" : "join") + setting, grows: true, () => service.JoinAsync(newcomer));
        var leave = await run.MeasureAsync(
            (deep ? "leave, depth shrinks" : "leave") + setting, grows: false, () => service.Client.NoticeAsync(newcomer, TimeSpan.FromMinutes(2), "spot preemption notice"));
        await run.EndAsync();
        await service.TakeAsync(newcomer);
        return [join, leave];
    }

    /// <summary>Processes that wanted a core in the last minute.</summary>
    private static double Load => double.Parse(File.ReadAllText("/proc/loadavg").Split(' ')[0], System.Globalization.CultureInfo.InvariantCulture);
}
