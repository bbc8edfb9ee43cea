namespace Parcae.Benchmarks.Pause;

/// <summary>
/// The longest pause of planned changes of a running job, with a small and a large state: an instance joins and the plan grows, one leaves with notice and the plan shrinks, and the depth changes on both occasions.
/// Real processes: see <see cref="PauseService"/>.
/// <para>
/// The pause of a change is the time between two commits that follow each other, the longest from when the service was told to the third commit of the new generation, and so at least that from the last commit of
/// the old generation to the first of the new one, with the new one's first step in it. It is held against one and a half steps of the slower of the two generations and 100 ms. Commits are seen on the workers
/// (<see cref="CommitWatch"/>), not in the service's own accounts, which are told beside them: whatever way the service takes from one plan to the next, and whatever it calls a pause, the gap is that of the training.
/// Starting the process of a joining worker takes the cores that the others train on; that is before the service was told of it and does not count.
/// </para>
/// </summary>
internal static class PauseBenchmark
{
    private static readonly string[] Members = ["i-1", "i-2"];

    public static async Task<BenchmarkResult> RunAsync()
    {
        double load = Load;
        var changes = new List<PlannedChange>();
        await using (var service = await PauseService.StartAsync())
        {
            await Task.WhenAll(Members.Select(service.JoinAsync));
            int joined = Members.Length;
            foreach (var job in PauseJob.All)
            {
                foreach (bool deep in (bool[])[false, true])
                {
                    string newcomer = $"i-{++joined}";
                    await using var run = await PauseRun.StartAsync(service, job, deep, Members);
                    changes.Add(await run.MeasureAsync(deep ? "join, depth grows" : "join", grows: true, () => service.JoinAsync(newcomer)));
                    changes.Add(await run.MeasureAsync(
                        deep ? "leave, depth shrinks" : "leave", grows: false, () => service.Client.NoticeAsync(newcomer, TimeSpan.FromMinutes(2), "spot preemption notice")));
                    await run.EndAsync();
                    await service.TakeAsync(newcomer);
                }
            }
        }

        var worst = changes.MaxBy(c => c.Ratio)!;
        return new BenchmarkResult("pause", worst.Gap, worst.Bound, worst.Ratio, "s", new Dictionary<string, object>
        {
            ["worst"] = $"{worst.Name}, {worst.Plans}, {worst.State}",
            ["longestGapSeconds"] = Math.Round(changes.Max(c => c.Gap), 3),
            ["stateBytes"] = PauseJob.All.ToDictionary(j => j.Name, j => j.StateBytes),
            ["changes"] = changes.Select(c => c.ToDetail()).ToArray(),
            ["processes"] = "store, control silo with vault, 2 to 3 workers, 1 thread each",
            ["device"] = "cpu",
            ["cores"] = Environment.ProcessorCount,
            ["loadBefore"] = load,
            ["loadAfter"] = Load,
        });
    }

    /// <summary>Processes that wanted a core in the last minute.</summary>
    private static double Load => double.Parse(File.ReadAllText("/proc/loadavg").Split(' ')[0], System.Globalization.CultureInfo.InvariantCulture);
}
