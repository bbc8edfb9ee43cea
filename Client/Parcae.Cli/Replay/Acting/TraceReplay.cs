namespace Parcae.Cli.Replay.Acting;

/// <summary>What the cloud does to an instance.</summary>
internal enum ReplayAction
{
    /// <summary>A new instance comes up.</summary>
    Start,

    /// <summary>An instance is told that it will be gone.</summary>
    Notice,

    /// <summary>An instance vanishes.</summary>
    Kill,
}

/// <summary>One act of the cloud.</summary>
/// <param name="At">When, in intervals since the replay began.</param>
/// <param name="Action">What.</param>
/// <param name="Instance">To whom.</param>
/// <param name="Announced">For a kill: whether a notice came before.</param>
/// <param name="Left">For a notice: intervals until the loss.</param>
internal sealed record ReplayEvent(double At, ReplayAction Action, string Instance, bool Announced, double Left = 0);

/// <summary>
/// A trace turned into acts of the cloud: which instance starts, is noticed or vanishes when. A pure function of the counts, the share of losses without
/// notice, the grace, the fleet and the seed, so a run can be repeated exactly.
/// </summary>
internal sealed class TraceReplay
{
    /// <summary>Losses without notice in a replay that has any: a short one should show both paths.</summary>
    public const int LeastUnannounced = 2;

    private TraceReplay(IReadOnlyList<int> counts, IReadOnlyList<string> initial, IReadOnlyList<ReplayEvent> events)
    {
        (Counts, Initial, Events) = (counts, initial, events);
    }

    /// <summary>Instances that the trace has in each interval.</summary>
    public IReadOnlyList<int> Counts { get; }

    /// <summary>Instances that are there from the beginning.</summary>
    public IReadOnlyList<string> Initial { get; }

    /// <summary>Everything that happens, in order of time.</summary>
    public IReadOnlyList<ReplayEvent> Events { get; }

    /// <summary>Instances that vanish.</summary>
    public int Losses => Events.Count(e => e.Action == ReplayAction.Kill);

    /// <summary>Instances that vanish without notice.</summary>
    public int Unannounced => Events.Count(e => e is { Action: ReplayAction.Kill, Announced: false });

    /// <summary>Name of the n-th instance, from 1.</summary>
    public static string InstanceName(int number) => $"i-{number:0000}";

    /// <summary>
    /// Draws a replay. A loss from one interval to the next is announced ahead and happens at the boundary; without notice it happens at
    /// a random moment of the interval. New instances come at the boundary.
    /// </summary>
    /// <param name="counts">Instances in each interval; not empty.</param>
    /// <param name="unannounced">Share of losses without notice, [0, 1]; above 0 at least <see cref="LeastUnannounced"/> of them where there are that many.</param>
    /// <param name="seed">Fixes every draw.</param>
    /// <param name="grace">Intervals from a notice to the loss, above 0. An instance that has not been there for so long has less.</param>
    /// <param name="fleet">The instances that there are, none twice; whoever vanished longest ago comes back first. Null: every instance that comes is a new one.</param>
    /// <param name="named">New instances are numbered from the next one on.</param>
    public static TraceReplay Create(IReadOnlyList<int> counts, double unannounced, int seed, double grace = 1, IReadOnlyList<string>? fleet = null,
        int named = 0)
    {
        ArgumentOutOfRangeException.ThrowIfZero(counts.Count);
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(grace);
        if (fleet is not null) ArgumentOutOfRangeException.ThrowIfGreaterThan(counts.Max(), fleet.Count, nameof(counts));
        ArgumentOutOfRangeException.ThrowIfLessThan(unannounced, 0);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(unannounced, 1);
        var random = new Random(seed);
        var away = Away(fleet, random);
        bool[] silent = DrawSilent(CountLosses(counts), unannounced, random);

        var alive = new List<(string Name, int Since)>();
        int lost = 0;
        string Join(int interval)
        {
            string name = away?.Dequeue() ?? InstanceName(++named);
            alive.Add((name, interval));
            return name;
        }

        // Those of the beginning count as long since there: they are up before the clock starts.
        string[] initial = [.. Enumerable.Range(0, counts[0]).Select(_ => Join(int.MinValue))];
        var events = new List<ReplayEvent>();
        for (int i = 1; i < counts.Count; i++)
        {
            for (int k = counts[i]; k < counts[i - 1]; k++)
            {
                bool announced = !silent[lost++];
                // Whoever has only just come is spared where it can be: a notice to someone who is still starting shows nothing.
                var (victim, since) = Draw(alive, announced ? (int)Math.Floor(i - grace) - 1 : i - 1, random);
                if (announced)
                {
                    double noticed = Math.Max(0, Math.Max(i - grace, since));
                    events.Add(new ReplayEvent(noticed, ReplayAction.Notice, victim, true, i - noticed));
                }

                away?.Enqueue(victim);
                double at = announced ? i : i + 0.1 + 0.8 * random.NextDouble();
                events.Add(new ReplayEvent(at, ReplayAction.Kill, victim, announced));
            }

            for (int k = counts[i - 1]; k < counts[i]; k++) events.Add(new ReplayEvent(i, ReplayAction.Start, Join(i), false));
        }

        return new TraceReplay(counts, initial, [.. events.OrderBy(e => e.At)]);
    }

    /// <summary>Instances that a trace takes away.</summary>
    private static int CountLosses(IReadOnlyList<int> counts)
    {
        int losses = 0;
        for (int i = 1; i < counts.Count; i++) losses += Math.Max(0, counts[i - 1] - counts[i]);
        return losses;
    }

    private static bool[] DrawSilent(int losses, double share, Random random)
    {
        int wanted = share == 0 ? 0 : Math.Min(losses, Math.Max(LeastUnannounced, (int)Math.Round(share * losses, MidpointRounding.AwayFromZero)));
        int[] order = [.. Enumerable.Range(0, losses)];
        random.Shuffle(order);
        var silent = new bool[losses];
        foreach (int i in order.AsSpan(0, wanted)) silent[i] = true;
        return silent;
    }

    /// <summary>A fleet in the order in which it comes.</summary>
    private static Queue<string>? Away(IReadOnlyList<string>? fleet, Random random)
    {
        if (fleet is null) return null;
        string[] order = [.. fleet];
        random.Shuffle(order);
        return new Queue<string>(order);
    }

    private static (string Name, int Since) Draw(List<(string Name, int Since)> alive, int latest, Random random)
    {
        int[] settled = [.. Enumerable.Range(0, alive.Count).Where(i => alive[i].Since <= latest)];
        int chosen = settled.Length > 0 ? settled[random.Next(settled.Length)] : random.Next(alive.Count);
        var drawn = alive[chosen];
        alive.RemoveAt(chosen);
        return drawn;
    }
}
