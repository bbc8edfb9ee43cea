namespace Parcae.Grains.Tests.Protocol;

/// <summary>What workers and the vault do with commands. Each method follows the one that its comment names.</summary>
internal static class WorkerMoves
{
    /// <summary>A command reaches its node, or a halt that waits for a boundary goes on. Null: nothing happens yet.</summary>
    public static World? Deliver(World before, int index)
    {
        var (order, gen, n, taken) = before.Commands[index];
        if (!before.Nodes[n].Up || before.Nodes[n].Cut) return null;
        if (taken && before.Nodes[n].Running && before.Nodes[n].RunGen < before.Nodes[n].Fence) return null;
        var world = before.Clone();
        world.Commands.RemoveAt(index);
        var node = world.Nodes[n];

        // GenerationFence.Raise
        if (!taken)
        {
            if (gen < node.Fence && !world.Case.Lacks(Without.Fence))
            {
                GrainMoves.Refused(world, order, gen, n, node.Fence);
                return world;
            }

            node.Fence = Math.Max(node.Fence, gen);
        }

        switch (order)
        {
            case Order.HaltAtBoundary or Order.HaltNow:
                Halt(world, order, gen, n, taken);
                break;
            case Order.Prepare:
                Prepare(world, gen, n);
                break;
            case Order.Switch:
                Switch(world, gen, n);
                break;
            case Order.Shadow:
                node.Unfollow();
                node.ShadowGen = gen;
                foreach (var (layer, from) in GrainMoves.Lacking(world, gen, n)) node.ShadowFrom[layer] = from;
                break;
            case Order.Release:
                Release(node);
                GrainMoves.Answered(world, order, gen, n, null);
                break;
        }

        return world;
    }

    // StageWorker.HaltAsync, StateVault.HaltAsync
    private static void Halt(World world, Order order, int gen, int n, bool taken)
    {
        var node = world.Nodes[n];
        bool vault = world.Case.IsVault(n);
        if (!taken && node.Running && node.RunGen < node.Fence && !vault && order == Order.HaltAtBoundary)
        {
            node.StopAsked = true;
            world.Commands.Add(new Command(order, gen, n, true));
            return;
        }

        StopRun(world, n);
        node.Promised = Math.Max(node.Promised, gen);
        for (int layer = 0; layer < world.Case.Layers; layer++)
        {
            if (node.ShadowVersion[layer] >= 0) node.Held[layer] |= 1 << node.ShadowVersion[layer];
        }

        // ShadowReplicas.StopAsync
        node.Log |= node.ShadowLog;
        node.Unfollow();
        if (node.Prepared < gen) node.Prepared = 0;
        if (node.Fetching < gen) node.Fetching = 0;
        node.Frozen = true;
        GrainMoves.Answered(world, order, gen, n, new Said([.. node.Held], node.PendingStep, node.PendingLayers, node.Log));
    }

    // StageWorker.PrepareAsync and PrepareLayersAsync, StateVault.PrepareAsync
    private static void Prepare(World world, int gen, int n)
    {
        var node = world.Nodes[n];
        var plan = world.Plans[gen]!;
        StopRun(world, n);
        node.Promised = Math.Max(node.Promised, gen);
        if (node.Prepared == gen)
        {
            GrainMoves.Answered(world, Order.Prepare, gen, n, null);
            return;
        }

        (node.Prepared, node.Fetching) = (0, 0);
        if (plan.Finishes && node.PendingStep == plan.Start - 1) Finish(world, node);
        node.Frozen = true;
        if (plan.Layers(n) == 0) GrainMoves.Answered(world, Order.Prepare, gen, n, null);
        else node.Fetching = gen;
    }

    // StageWorker.FinishStepAsync, StateVault.FinishStepAsync
    private static void Finish(World world, Node node)
    {
        int step = node.PendingStep;
        for (int layer = 0; layer < world.Case.Layers; layer++)
        {
            if ((node.PendingLayers >> layer & 1) == 0) continue;
            if ((node.Held[layer] >> step & 1) == 0) world.Wrong = $"I5: step {step} cannot be applied to layer {layer}, which is not held at that version";
            // A copy that was followed to the next version has the same bits.
            node.Held[layer] = node.Held[layer] & ~(1 << step) | 2 << step;
        }

        node.Log = node.Log & (1 << step) - 1 | 1 << step;
        (node.PendingStep, node.PendingLayers) = (-1, 0);
    }

    /// <summary>A node that is preparing gets its layers, or finds that nobody gives them. Null: it waits.</summary>
    // LayerFetch.RunAsync, LayerStore.BorrowAsync
    public static (World World, bool Failed)? Fetch(World before, int n)
    {
        var node = before.Nodes[n];
        if (!node.Up || node.Fetching == 0 || before.Plans[node.Fetching] is not { } plan) return null;
        int gen = node.Fetching, needed = plan.Layers(n);
        bool torn = false;
        for (int layer = 0; layer < before.Case.Layers; layer++)
        {
            if ((needed >> layer & 1) == 0 || (node.Held[layer] >> plan.Start & 1) != 0) continue;
            int sources = plan.HolderBits[layer] & ~(1 << n);
            if (sources == 0 && plan.Start == 0) continue;
            var open = Bits(sources).Where(s => before.Nodes[s] is { Up: true, Cut: false }).Select(s => before.Nodes[s]).ToArray();
            var lender = node.Cut ? null : open.FirstOrDefault(s => s.Frozen && (s.Held[layer] >> plan.Start & 1) != 0);
            if (lender is not null)
            {
                torn |= lender.Running;
                continue;
            }

            // It waits for those who are yet to finish the step.
            if (!node.Cut && open.Any(s => s.Fence < gen || (s.Fence == gen && s.PendingStep == plan.Start - 1))) return null;
            var failed = before.Clone();
            failed.Nodes[n].Fetching = 0;
            GrainMoves.Refused(failed, Order.Prepare, gen, n, 0);
            return (failed, true);
        }

        var world = before.Clone();
        node = world.Nodes[n];
        foreach (int layer in Bits(needed)) node.Held[layer] |= 1 << plan.Start;
        (node.Prepared, node.Fetching) = (gen, 0);
        if (torn) world.Wrong = $"I5: {world.Case.Id(n)} read a layer while its holder trains";
        GrainMoves.Answered(world, Order.Prepare, gen, n, null);
        return (world, false);
    }

    // StageWorker.SwitchAsync, StateVault.SwitchAsync
    private static void Switch(World world, int gen, int n)
    {
        var node = world.Nodes[n];
        var plan = world.Plans[gen];
        if (node.RunGen == gen)
        {
            GrainMoves.Answered(world, Order.Switch, gen, n, null);
            return;
        }

        if (node.Prepared != gen || plan is null)
        {
            GrainMoves.Refused(world, Order.Switch, gen, n, 0);
            return;
        }

        int kept = plan.Layers(n);
        for (int layer = 0; layer < world.Case.Layers; layer++)
        {
            node.Held[layer] &= (kept >> layer & 1) << plan.Start;
            if ((kept >> layer & 1) != 0 && node.Held[layer] == 0) world.Wrong = $"I5: {world.Case.Id(n)} begins generation {gen} without layer {layer} at version {plan.Start}";
        }

        (node.PendingStep, node.PendingLayers, node.Prepared, node.Frozen) = (-1, 0, 0, false);
        node.Log &= (1 << plan.Start) - 1;
        (node.RunGen, node.RunStep, node.RunPhase, node.End, node.BrokenPeer) = (gen, plan.Start, 0, plan.Start < world.Case.Steps ? RunEnd.None : RunEnd.Done, -1);
        (node.Reduced, node.StopAsked, node.StopSent) = (false, false, false);
        GrainMoves.Answered(world, Order.Switch, gen, n, null);
    }

    // WorkerHost.Release: the participant goes, and its fence with it.
    private static void Release(Node node)
    {
        bool cut = node.Cut, listed = node.Listed;
        node.Die();
        (node.Up, node.Cut, node.Listed) = (true, cut, listed);
        if (node.End == RunEnd.Broken) node.End = RunEnd.Halted;
    }

    /// <summary>Stops the run of an older generation and keeps its reduced gradients.</summary>
    // StageWorker.HaltRunAsync, StateVault.StopFollowingAsync
    public static void StopRun(World world, int n)
    {
        var node = world.Nodes[n];
        if (node.RunGen == 0 || (node.RunGen >= node.Fence && !world.Case.IsVault(n))) return;
        if (node.Running) TrainingMoves.EndRun(node, RunEnd.Halted, -1);
        if (!node.Reduced) return;
        // StateVault.StopFollowingAsync: whoever sent it has passed the step
        if (world.Case.IsVault(n)) node.Log = node.Log & (1 << node.RunStep) - 1 | 1 << node.RunStep;
        (node.PendingStep, node.PendingLayers, node.Reduced) = (node.RunStep, world.Plans[node.RunGen]!.Layers(n), false);
    }

    /// <summary>The numbers of the bits that are set.</summary>
    public static IEnumerable<int> Bits(int bits)
    {
        for (int i = 0; bits >> i != 0; i++)
        {
            if ((bits >> i & 1) != 0) yield return i;
        }
    }
}
