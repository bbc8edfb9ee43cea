using Parcae.Grains.Jobs.Planning;
using Parcae.Liveput;

namespace Parcae.Grains.Tests.Protocol;

/// <summary>The job grain's loop, from await to await.</summary>
internal static class AttemptMoves
{
    /// <summary>What an activation does next. Null: it waits for answers, or for nothing.</summary>
    public static (string Label, World World)? Next(World before, int index)
    {
        var at = before.Grains[index];
        if (at.At is At.Completed || (at.At is At.Halting or At.Switching or At.Releasing && at.Waiting != 0)) return null;
        if (at.At == At.Preparing && (at.Waiting & ~Shards(before, at)) != 0) return null;
        if (at.At == At.Preparing && at.Waiting != 0 && at.Failed == 0) return null;
        var world = before.Clone();
        var grain = world.Grains[index];
        switch (at.At)
        {
            case At.Recover:
                Recover(world, grain);
                break;
            case At.Look or At.Idle:
                Look(world, grain, complete: true);
                break;
            case At.Shadowing:
                // Their time is up, or all have caught up; a loss calls for another plan.
                if (grain.Urgent) GrainMoves.Clear(grain, At.Look);
                else Number(grain, boundary: true, completing: false);
                break;
            case At.SaveNumber:
                if (GrainMoves.Save(world, grain)) Halt(world, grain);
                break;
            case At.Halting:
                Decisions.Decide(world, grain);
                break;
            case At.Preparing:
                Prepared(world, grain);
                break;
            case At.SavePlan:
                Commit(world, grain);
                break;
            case At.Switching:
                Switched(world, grain);
                break;
            case At.SaveEnd:
                if (GrainMoves.Save(world, grain)) Release(world, grain);
                break;
            case At.Releasing:
                GrainMoves.Clear(grain, At.Look);
                break;
            case At.SaveCompleted:
                grain.State = grain.State with { Completed = true };
                if (GrainMoves.Save(world, grain)) GrainMoves.Clear(grain, At.Completed);
                break;
        }

        return ($"grain {index} goes on from {at.At}", world);
    }

    /// <summary>Waits for a node no longer: it is gone, or takes too long.</summary>
    public static World? GiveUp(World before, int index, int n)
    {
        var at = before.Grains[index];
        if ((at.Waiting >> n & 1) == 0 || before.Nodes[n] is { Up: true, Cut: false } || at.At == At.Shadowing) return null;
        var world = before.Clone();
        var grain = world.Grains[index];
        grain.Waiting &= ~(1 << n);
        grain.Failed |= 1 << n;
        return world;
    }

    // Reconciler.Reconcile
    public static void Look(World world, Grain grain, bool complete)
    {
        GrainMoves.Clear(grain, At.Look);
        foreach (int lost in WorkerMoves.Bits(grain.Refused)) Decisions.Lose(world, grain, lost);
        if (grain.State.Completed)
        {
            grain.At = At.Completed;
            return;
        }

        if (complete && grain.State.Committed >= world.Case.Steps)
        {
            Number(grain, boundary: true, completing: true);
            return;
        }

        var plan = grain.State.Plan > 0 ? world.Plans[grain.State.Plan] : null;
        int usable = Listed(world);
        var strategy = world.Case.For(System.Numerics.BitOperations.PopCount((uint)usable));
        var current = plan is null || grain.State.Paused ? Strategy.None : new Strategy(plan.Pipelines, plan.Depth);
        bool standing = plan is null || grain.State.Halted;
        bool missing = plan is not null && plan.Places.Any(p => (grain.Suspects >> p & 1) != 0 || (usable >> p & 1) == 0);
        bool better = !strategy.IsPause && strategy != current;
        bool wantsVault = plan is not null && WantsVault(world, grain, plan);
        if ((!standing && !missing && !better && !wantsVault) || (standing && grain.State.Paused && strategy.IsPause))
        {
            grain.At = At.Idle;
            return;
        }

        if (standing || missing) Number(grain, boundary: false, completing: false);
        else Shadow(world, grain, strategy, usable);
    }

    private static int Listed(World world) => Enumerable.Range(0, world.Case.AllWorkers).Sum(n => world.Nodes[n].Listed ? 1 << n : 0);

    private static int Shards(World world, Grain grain) => world.Plans[grain.Gen]!.Shards.Sum(n => 1 << n);

    /// <summary>The instances that are to be the vault.</summary>
    // Job.CallRoll
    private static int[] Vault(World world, Grain grain) => grain.VaultLeft ? [] : [.. world.Case.VaultNodes.Where(n => world.Nodes[n].Listed)];

    // Situation.WantsVault
    private static bool WantsVault(World world, Grain grain, Plan plan)
    {
        var wanted = world.Case.Deal(Vault(world, grain));
        return wanted.Length > 0 && !VaultShards.Same(grain.State.VaultFollows ? plan.Generation.Vault : [], wanted);
    }

    // Reconciler.Recover
    private static void Recover(World world, Grain grain)
    {
        grain.At = At.Look;
        if (grain.State is not { Plan: > 0, Halted: false } || world.Plans[grain.State.Plan] is not { } plan) return;
        bool carriesOn = true;
        foreach (int n in plan.Places)
        {
            bool answers = world.Nodes[n] is { Up: true, Cut: false };
            if (!answers) grain.Suspects |= 1 << n;
            carriesOn &= answers && world.Nodes[n].Running && world.Nodes[n].RunGen == plan.Generation.Generation;
        }

        if (carriesOn) grain.Frozen = false;
        else grain.State = grain.State with { Halted = true };
    }

    // Shadowing.Run
    private static void Shadow(World world, Grain grain, Strategy strategy, int usable)
    {
        int gen = grain.State.Plan;
        var plan = world.Plans[gen]!;
        var newcomers = WorkerMoves.Bits(usable).Where(n => plan.Of(n) is null).Take(Math.Max(0, strategy.Instances - plan.Places.Length)).ToList();
        newcomers.AddRange(Vault(world, grain).Where(n => GrainMoves.Lacking(world, gen, n).Any()));
        (grain.At, grain.Gen, grain.Urgent) = (At.Shadowing, gen, false);
        foreach (int n in newcomers) world.Commands.Add(new Command(Order.Shadow, gen, n, false));
        if (newcomers.Count == 0) Number(grain, boundary: true, completing: false);
    }

    // Rest.Bring: a number of its own, to be saved first
    private static void Number(Grain grain, bool boundary, bool completing)
    {
        bool urgent = grain.Urgent;
        GrainMoves.Clear(grain, At.SaveNumber);
        grain.State = grain.State with { Attempted = grain.State.Attempted + 1, Halted = true };
        (grain.Gen, grain.Boundary, grain.Completing, grain.Urgent) = (grain.State.Attempted, boundary, completing, urgent);
    }

    // HaltRound.Run
    private static void Halt(World world, Grain grain)
    {
        int listed = Listed(world);
        var plan = grain.State.Plan > 0 ? world.Plans[grain.State.Plan] : null;
        grain.Members = WorkerMoves.Bits(listed).Where(n => plan?.Of(n) is not null).Sum(n => 1 << n);
        grain.Others = listed & ~grain.Members;
        grain.Vault = Vault(world, grain).Sum(n => 1 << n);
        grain.Waiting = listed | grain.Vault;
        grain.At = At.Halting;
        foreach (int n in WorkerMoves.Bits(grain.Waiting)) world.Commands.Add(new Command(grain.Boundary ? Order.HaltAtBoundary : Order.HaltNow, grain.Gen, n, false));
    }

    /// <summary>There will be no boundary: those who have not answered are to stop at once.</summary>
    // HaltRound.HaltMember
    public static World? Escalate(World before, int index)
    {
        var at = before.Grains[index];
        if (at.At != At.Halting || !at.Boundary || (at.Waiting & at.Members) == 0) return null;
        if (!at.Urgent && !WorkerMoves.Bits(at.Members).Any(n => !before.Nodes[n].Up || before.Nodes[n].Cut)) return null;
        var world = before.Clone();
        world.Grains[index].Boundary = false;
        foreach (int n in WorkerMoves.Bits(at.Waiting & at.Members)) world.Commands.Add(new Command(Order.HaltNow, at.Gen, n, false));
        return world;
    }

    // Preparing.Run and Judge
    private static void Prepared(World world, Grain grain)
    {
        int shards = Shards(world, grain), failed = grain.Failed & ~shards;
        if (failed != 0)
        {
            grain.Suspects |= failed;
            GrainMoves.EndAttempt(grain);
            return;
        }

        if ((grain.Failed & shards) != 0) GrainMoves.LeaveVault(grain);
        grain.At = At.SavePlan;
        if (world.Case.Lacks(Without.DurableCommit)) Switch(world, grain);
    }

    /// <summary>An instance that the plan needs is lost: the preparation is given up.</summary>
    // Preparing.Run: signals.Broken
    public static World? Break(World before, int index)
    {
        var at = before.Grains[index];
        if (at.At is not (At.Preparing or At.Switching) || !WorkerMoves.Bits(at.Places).Any(n => !before.Nodes[n].Up)) return null;
        var world = before.Clone();
        var grain = world.Grains[index];
        if (at.At == At.Switching) grain.Suspects |= grain.Waiting & grain.Places;
        GrainMoves.EndAttempt(grain);
        return world;
    }

    // Reconfiguration.Commit
    private static void Commit(World world, Grain grain)
    {
        var plan = world.Plans[grain.Gen]!;
        var ledger = Ledgers.Open(grain.State);
        Invariants.CheckCommit(world, grain, plan, ledger.Book);
        ledger.Book.FallBack(plan.Start);
        bool follows = plan.Vault && (grain.Failed & Shards(world, grain)) == 0;
        grain.State = ledger.Close(grain.State) with { Plan = grain.Gen, VaultFollows = follows, Halted = false, Paused = false };
        world.Plans[grain.Gen] = plan with { Vault = follows };
        if (!GrainMoves.Save(world, grain)) return;
        grain.Frozen = false;
        if (!world.Case.Lacks(Without.DurableCommit)) Switch(world, grain);
        grain.At = At.Switching;
    }

    // Reconfiguration.Switch
    private static void Switch(World world, Grain grain)
    {
        grain.Failed = 0;
        grain.Waiting = grain.Places | (world.Plans[grain.Gen]!.Vault ? Shards(world, grain) : 0);
        foreach (int n in WorkerMoves.Bits(grain.Waiting)) world.Commands.Add(new Command(Order.Switch, grain.Gen, n, false));
    }

    private static void Switched(World world, Grain grain)
    {
        int failed = grain.Failed & grain.Places;
        if (failed != 0)
        {
            grain.Suspects |= failed;
            GrainMoves.EndAttempt(grain);
            return;
        }

        if ((grain.Failed & Shards(world, grain)) != 0) GrainMoves.LeaveVault(grain);
        grain.At = At.SaveEnd;
    }

    // Reconfiguration.Finish: Releasing.Release
    private static void Release(World world, Grain grain)
    {
        grain.At = At.Releasing;
        // A vault that is only left alone keeps what it has.
        var leavers = (grain.Members | grain.Others | (grain.State.VaultFollows ? grain.Vault : 0)) & ~(grain.Places | Shards(world, grain));
        grain.Waiting = WorkerMoves.Bits(leavers).Where(n => grain.Reports[n] is { } said && said.Held.Any(h => h != 0)).Sum(n => 1 << n);
        grain.Failed = 0;
        foreach (int n in WorkerMoves.Bits(grain.Waiting)) world.Commands.Add(new Command(Order.Release, grain.Gen, n, false));
    }
}
