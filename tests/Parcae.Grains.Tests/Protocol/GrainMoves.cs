namespace Parcae.Grains.Tests.Protocol;

/// <summary>What the job grain does with answers and reports, and how it saves.</summary>
internal static class GrainMoves
{
    /// <summary>A command was carried out: whoever waits for it hears of it.</summary>
    public static void Answered(World world, Order order, int gen, int n, Said? said)
    {
        if (!world.Case.Lacks(Without.OrderedCommands) && said is not null) world.Commands.RemoveAll(c => c.Node == n && c.Gen == gen && c.Order is Order.HaltAtBoundary or Order.HaltNow);
        foreach (var grain in world.Grains.Where(g => g.Gen == gen && Awaits(g.At) == Kind(order) && (g.Waiting >> n & 1) != 0))
        {
            grain.Waiting &= ~(1 << n);
            if (said is null) continue;
            grain.Reports[n] = said;
            grain.Suspects &= ~(1 << n);
        }
    }

    /// <summary>A command failed; the fence is told if that was the reason.</summary>
    public static void Refused(World world, Order order, int gen, int n, int fence)
    {
        foreach (var grain in world.Grains.Where(g => g.Gen == gen && Awaits(g.At) == Kind(order) && (g.Waiting >> n & 1) != 0))
        {
            grain.Waiting &= ~(1 << n);
            grain.Failed |= 1 << n;
            // HaltRound.ThrowIfStale
            if (order is not (Order.HaltAtBoundary or Order.HaltNow) || fence == 0) continue;
            grain.State = grain.State with { Attempted = Math.Max(grain.State.Attempted, fence) };
            EndAttempt(grain);
        }
    }

    /// <summary>The attempt came to nothing.</summary>
    // Reconciler.Run: AttemptFailedException
    public static void EndAttempt(Grain grain)
    {
        grain.State = grain.State with { Halted = true };
        Clear(grain, At.Look);
    }

    /// <summary>The attempt is over.</summary>
    public static void Clear(Grain grain, At at)
    {
        (grain.At, grain.Boundary, grain.Completing, grain.Urgent, grain.Gen) = (at, false, false, false, 0);
        (grain.Waiting, grain.Failed, grain.Members, grain.Others, grain.Vault, grain.Places) = (0, 0, 0, 0, 0, 0);
        Array.Clear(grain.Reports);
    }

    /// <summary>Saves the state in memory. False: another activation has saved, and this one is over.</summary>
    // JobStore.Save, Reconciler.Run: InconsistentStateException
    public static bool Save(World world, Grain grain)
    {
        if (!grain.Current && !world.Case.Lacks(Without.CompareAndSwap))
        {
            world.Grains.Remove(grain);
            return false;
        }

        if (grain.State.Plan != world.Stored.Plan)
        {
            if (grain.State.Plan < world.Stored.Plan || (world.EverCommitted >> grain.State.Plan & 1) != 0)
                world.Wrong = $"I3: generation {grain.State.Plan} is committed after generation {world.Stored.Plan}";
            world.EverCommitted |= 1 << grain.State.Plan;
        }

        world.Stored = grain.State;
        foreach (var other in world.Grains) other.Current = other == grain || (other.Current && world.Case.Lacks(Without.CompareAndSwap));
        return true;
    }

    /// <summary>Enters a result.</summary>
    // StepIntake.Take
    public static void Take(Grain grain, StepResult result)
    {
        var book = Ledgers.Open(grain.State);
        book.Commit(result);
        grain.State = book.Close(grain.State);
    }

    /// <summary>A report of steps comes in.</summary>
    // JobGrain.ReportSteps
    public static bool Reports(Grain grain, int gen, int steps)
    {
        if (grain.State.Completed || grain.Frozen || grain.State.Plan != gen) return false;
        var before = grain.State;
        foreach (int step in WorkerMoves.Bits(steps)) Take(grain, Ledgers.Result(step));
        return grain.State != before;
    }

    /// <summary>A broken peer is reported.</summary>
    // JobGrain.ReportBroken
    public static bool ReportsBroken(World world, Grain grain, int gen, int peer)
    {
        if (grain.State.Completed || (grain.State.Halted && grain.Frozen) || grain.State.Plan != gen || world.Plans[gen]!.Of(peer) is null) return false;
        var (suspects, refused, urgent) = (grain.Suspects, grain.Refused, grain.Urgent);
        if (!world.Nodes[peer].Up) grain.Refused |= 1 << peer;
        grain.Suspects |= 1 << peer;
        grain.Urgent |= grain.At is At.Shadowing or At.SaveNumber or At.Halting;
        return (suspects, refused, urgent) != (grain.Suspects, grain.Refused, grain.Urgent);
    }

    /// <summary>The vault is left alone for a while.</summary>
    // Job.LeaveVault
    public static void LeaveVault(Grain grain)
    {
        grain.VaultLeft = true;
        grain.State = grain.State with { VaultFollows = false };
    }

    /// <summary>The layers that a node follows ahead of the next generation, and where.</summary>
    // Shadowing.Commands
    public static IEnumerable<(int Layer, int From)> Lacking(World world, int gen, int n)
    {
        if (world.Plans[gen] is not { } plan) yield break;
        bool vault = world.Case.IsVault(n), follows = world.Grains.Exists(g => g.State.Plan == gen && g.State.VaultFollows);
        int held = vault && !follows ? 0 : plan.Layers(n);
        int needed = vault ? world.Case.Deal(world.Case.VaultNodes.Where(v => world.Nodes[v].Listed)).FirstOrDefault(s => s.Peer.InstanceId == world.Case.Id(n))?.Layers.Sum(layer => 1 << layer) ?? 0 : -1;
        for (int layer = 0; layer < world.Case.Layers; layer++)
        {
            if (((needed & ~held) >> layer & 1) != 0) yield return (layer, plan.Places.First(p => (plan.Layers(p) >> layer & 1) != 0));
        }
    }

    private static Order Awaits(At at) => at switch
    {
        At.Shadowing => Order.Shadow,
        At.Halting => Order.HaltNow,
        At.Preparing => Order.Prepare,
        At.Switching => Order.Switch,
        At.Releasing => Order.Release,
        _ => (Order)99,
    };

    private static Order Kind(Order order) => order == Order.HaltAtBoundary ? Order.HaltNow : order;
}
