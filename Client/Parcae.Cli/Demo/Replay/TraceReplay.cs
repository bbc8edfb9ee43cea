namespace Parcae.Cli.Demo.Replay;

/// <summary>What the cloud does to an instance.</summary>
internal enum ReplayAction
{
    /// <summary>A new instance comes up.</summary>
    Start,

    /// <summary>An instance is told that it will be gone one interval later.</summary>
    Notice,

    /// <summary>An instance vanishes.</summary>
    Kill,
}

/// <summary>One act of the cloud.</summary>
/// <param name="At">When, in intervals since the replay began.</param>
/// <param name="Action">What.</param>
/// <param name="Instance">To whom.</param>
/// <param name="Announced">For a kill: whether a notice came one interval before.</param>
internal sealed record ReplayEvent(double At, ReplayAction Action, string Instance, bool Announced);

/// <summary>
/// A trace turned into acts of the cloud: which instance starts, is noticed or vanishes when. A pure function of the counts, the share of losses without
/// notice, and the seed, so a run can be repeated exactly.
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
    /// Draws a replay. A loss from one interval to the next is announced one interval ahead and happens at the boundary; without notice it happens at
    /// a random moment of the interval. New instances come at the boundary.
    /// </summary>
    /// <param name="counts">Instances in each interval; not empty.</param>
    /// <param name="unannounced">Share of losses without notice, [0, 1]; above 0 at least <see cref="LeastUnannounced"/> of them where there are that many.</param>
    /// <param name="seed">Fixes every draw.</param>
    public static TraceReplay Create(IReadOnlyList<int> counts, double unannounced, int seed)
    {
        ArgumentOutOfRangeException.ThrowIfZero(counts.Count);
        ArgumentOutOfRangeException.ThrowIfLessThan(unannounced, 0);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(unannounced, 1);
        var random = new Random(seed);
        bool[] silent = DrawSilent(CountLosses(counts), unannounced, random);

        var alive = new List<(string Name, int Since)>();
        int named = 0, lost = 0;
        string Join(int interval)
        {
            string name = InstanceName(++named);
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
                string victim = Draw(alive, i - (announced ? 2 : 1), random);
                if (announced) events.Add(new ReplayEvent(i - 1, ReplayAction.Notice, victim, true));
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

    private static string Draw(List<(string Name, int Since)> alive, int latest, Random random)
    {
        int[] settled = [.. Enumerable.Range(0, alive.Count).Where(i => alive[i].Since <= latest)];
        int chosen = settled.Length > 0 ? settled[random.Next(settled.Length)] : random.Next(alive.Count);
        string name = alive[chosen].Name;
        alive.RemoveAt(chosen);
        return name;
    }
}
