namespace Parcae.Grains.Tests.Protocol;

/// <summary>Something that may happen next.</summary>
/// <param name="Label">For people.</param>
/// <param name="Fault">Whether it is a fault, which need not happen.</param>
/// <param name="World">The state after it.</param>
internal readonly record struct Move(string Label, bool Fault, World World);

/// <summary>Everything that may happen next in a state.</summary>
internal static class Moves
{
    public static IEnumerable<Move> From(World world) =>
        Commands(world).Concat(Nodes(world)).Concat(Reports(world)).Concat(Grains(world)).Concat(Fleet(world)).Concat(Faults(world));

    private static IEnumerable<Move> Commands(World world)
    {
        for (int i = 0; i < world.Commands.Count; i++)
        {
            var (order, gen, n, _) = world.Commands[i];
            if (WorkerMoves.Deliver(world, i) is { } next) yield return new Move($"{world.Case.Id(n)} takes {order} {gen}", false, next);
        }
    }

    private static IEnumerable<Move> Nodes(World world)
    {
        for (int n = 0; n < world.Nodes.Length; n++)
        {
            string id = world.Case.Id(n);
            var node = world.Nodes[n];
            if (WorkerMoves.Fetch(world, n) is { } fetched) yield return new Move($"{id} {(fetched.Failed ? "finds nobody who gives" : "has")} its layers for generation {node.Fetching}", false, fetched.World);
            if (TrainingMoves.Advance(world, n) is { } advanced)
                yield return new Move($"{id} {(advanced.Nodes[n].RunStep > node.RunStep ? "passes" : "goes on in")} step {node.RunStep} of generation {node.RunGen}", false, advanced);
            foreach (var (label, next) in TrainingMoves.Notice(world, n)) yield return new Move(label, false, next);
            foreach (var (label, next) in TrainingMoves.Follow(world, n)) yield return new Move(label, false, next);
            if (TrainingMoves.Follows(world, n) is { } follows) yield return new Move($"{id} {(follows.Nodes[n].RunStep > node.RunStep ? "applies" : "has all of")} step {node.RunStep}", false, follows);
        }
    }

    // ReportLoop.ReportAsync
    private static IEnumerable<Move> Reports(World world)
    {
        if (world.Grains.Count == 0) yield break;
        int last = world.Grains.Count - 1;
        for (int n = 0; n < world.Case.AllWorkers; n++)
        {
            var node = world.Nodes[n];
            string id = world.Case.Id(n);
            if (node.LateGen > 0)
            {
                var late = world.Clone();
                GrainMoves.Reports(late.Grains[last], node.LateGen, node.LateLog);
                (late.Nodes[n].LateGen, late.Nodes[n].LateLog) = (0, 0);
                yield return new Move($"a report that {id} sent before it was lost comes in", false, late);
            }

            if (!node.Up || node.Cut || node.RunGen == 0 || world.Plans[node.RunGen] is not { } plan) continue;
            bool leads = plan.Of(n) == (0, plan.Depth - 1) && node.Log != 0 && !world.Grains[last].Frozen && world.Grains[last].State.Plan == node.RunGen;
            if (leads && world.Clone() is var told && GrainMoves.Reports(told.Grains[last], node.RunGen, node.Log)) yield return new Move($"{id} reports its steps", false, told);
            if (node.Running && world.Grains[last].State.Plan > node.RunGen)
            {
                var stopped = world.Clone();
                TrainingMoves.EndRun(stopped.Nodes[n], RunEnd.Halted, -1);
                yield return new Move($"{id} hears that the job has gone on", false, stopped);
            }

            if (node.BrokenPeer < 0) continue;
            told = world.Clone();
            if (GrainMoves.ReportsBroken(told, told.Grains[last], node.RunGen, node.BrokenPeer)) yield return new Move($"{id} reports {world.Case.Id(node.BrokenPeer)} as broken", false, told);
        }

        if (!world.Case.Vault) yield break;
        var grain = world.Grains[last];
        var shards = grain.State.VaultFollows ? world.Plans[grain.State.Plan]!.Shards.Select(n => world.Nodes[n]) : [];
        bool left = shards.Any(s => !s.Up || s.Cut || (s.RunGen == grain.State.Plan && s.End == RunEnd.Halted));
        if (left && !grain.Frozen)
        {
            var without = world.Clone();
            GrainMoves.LeaveVault(without.Grains[last]);
            yield return new Move("the vault is found not to follow", false, without);
        }

        if (grain.VaultLeft && world.Case.VaultNodes.Any(n => world.Nodes[n] is { Up: true, Cut: false }))
        {
            var again = world.Clone();
            again.Grains[last].VaultLeft = false;
            yield return new Move("the vault is to be tried again", false, again);
        }
    }

    private static IEnumerable<Move> Grains(World world)
    {
        for (int g = 0; g < world.Grains.Count; g++)
        {
            var grain = world.Grains[g];
            if (AttemptMoves.Next(world, g) is { } next) yield return new Move(next.Label, false, next.World);
            if (AttemptMoves.Escalate(world, g) is { } urgent) yield return new Move($"grain {g} waits for no boundary", false, urgent);
            if (AttemptMoves.Break(world, g) is { } broken) yield return new Move($"grain {g} gives up generation {grain.Gen}", false, broken);
            for (int n = 0; n < world.Nodes.Length; n++)
            {
                if (AttemptMoves.GiveUp(world, g, n) is { } gaveUp) yield return new Move($"grain {g} waits for {world.Case.Id(n)} no longer", false, gaveUp);
            }

            // JobGrain.SaveIfDue
            if (grain.State == world.Stored || grain.At is not (At.Idle or At.Halting)) continue;
            var saved = world.Clone();
            GrainMoves.Save(saved, saved.Grains[g]);
            yield return new Move($"grain {g} saves", false, saved);
        }

        if (world.Grains.Count > 0) yield break;
        var active = world.Clone();
        active.Grains.Add(active.NewGrain());
        yield return new Move("the job grain is activated", false, active);
    }

    // FleetBook.Join and Lose
    private static IEnumerable<Move> Fleet(World world)
    {
        for (int n = 0; n < world.Nodes.Length; n++)
        {
            var node = world.Nodes[n];
            if (node.Up && node.Listed && !node.Cut) continue;
            string id = world.Case.Id(n);
            var next = world.Clone();
            if (node.Fresh)
            {
                (next.Nodes[n].Fresh, next.Nodes[n].Up, next.Nodes[n].Listed) = (false, true, true);
                yield return new Move($"{id} joins", false, next);
            }
            else if (!node.Up && node.Listed)
            {
                next.Nodes[n].Listed = false;
                foreach (var grain in next.Grains)
                {
                    grain.Suspects &= ~(1 << n);
                    grain.Urgent |= grain.At is At.Shadowing or At.SaveNumber or At.Halting;
                }

                yield return new Move($"the fleet finds {id} gone", false, next);
            }
            else if (node.Cut)
            {
                next.Nodes[n].Cut = false;
                yield return new Move($"{id} is reached again", false, next);
            }
            else if (node.Up && !node.Listed && world.Case.Rejoins)
            {
                next.Nodes[n].Listed = true;
                yield return new Move($"{id} joins again", false, next);
            }
        }
    }

    private static IEnumerable<Move> Faults(World world)
    {
        for (int n = 0; n < world.Nodes.Length; n++)
        {
            var node = world.Nodes[n];
            if (!node.Up) continue;
            bool vault = world.Case.IsVault(n), reports = !vault && node.Log != 0 && node.RunGen > 0;
            string id = world.Case.Id(n);
            if (vault ? world.VaultCrashLeft : world.CrashesLeft > 0)
            {
                yield return new Move($"{id} crashes", true, Crash(world, n, false));
                if (reports) yield return new Move($"{id} crashes, its report on its way", true, Crash(world, n, true));
            }

            if (vault && node.Running && world.VaultStopsLeft > 0)
            {
                yield return new Move($"{id} does not keep up and stops", true, StopVault(world, n, false));
                yield return new Move($"{id} hangs and gives its copy up", true, StopVault(world, n, true));
            }

            if (node.Cut || world.CutsLeft == 0 || !node.Listed) continue;
            var cut = world.Clone();
            cut.CutsLeft--;
            cut.Nodes[n].Cut = true;
            if (reports) (cut.Nodes[n].LateGen, cut.Nodes[n].LateLog) = (node.RunGen, node.Log);
            yield return new Move($"{id} is cut off", true, cut);
        }

        if (world.GrainCrashesLeft == 0 || world.Grains.Count == 0) yield break;
        var lost = world.Clone();
        lost.GrainCrashesLeft--;
        lost.Grains.Clear();
        yield return new Move("the job grain is lost", true, lost);
        if (world.Grains[^1].At is At.SaveNumber or At.SavePlan or At.SaveEnd or At.SaveCompleted)
        {
            // JobStore.Write: the results are written before the state.
            var half = lost.Clone();
            half.Stored = half.Stored with { Entries = half.Stored.Entries | world.Grains[^1].State.Entries };
            yield return new Move("the job grain is lost when only the results are saved", true, half);
        }

        if (!world.Case.Zombies || world.Grains.Count > 1) yield break;
        var two = world.Clone();
        two.GrainCrashesLeft--;
        two.Grains.Add(two.NewGrain());
        yield return new Move("the job grain is activated a second time", true, two);
    }

    // ShadowFollower.Close and End
    private static World StopVault(World world, int n, bool lost)
    {
        var next = world.Clone();
        next.VaultStopsLeft--;
        var vault = next.Nodes[n];
        TrainingMoves.EndRun(vault, RunEnd.Halted, -1);
        if (!lost) return next;
        Array.Clear(vault.Held);
        vault.Reduced = false;
        return next;
    }

    private static World Crash(World world, int n, bool reports)
    {
        var next = world.Clone();
        var node = next.Nodes[n];
        if (world.Case.IsVault(n)) next.VaultCrashLeft = false;
        else next.CrashesLeft--;
        if (reports) (node.LateGen, node.LateLog) = (node.RunGen, node.Log);
        node.Die();
        next.Commands.RemoveAll(c => c.Node == n);
        return next;
    }
}
