namespace Parcae.Grains.Tests.Protocol;

/// <summary>What a running replica does, and those who follow it.</summary>
internal static class TrainingMoves
{
    /// <summary>One step further in the training of a node. Null: it waits for peers.</summary>
    // GenerationRun.Train, TrainingStep.ComputeAndReduce and PassBarrier
    public static World? Advance(World before, int n)
    {
        var node = before.Nodes[n];
        if (!node.Up || !node.Running || before.Case.IsVault(n)) return null;
        var plan = before.Plans[node.RunGen]!;
        int gen = node.RunGen, step = node.RunStep;
        bool Replicas(int phase) => plan.Replicas(n).All(r => before.Nodes[r].Reached(gen, step, phase));
        bool Members(int phase) => plan.Members(n).All(m => before.Nodes[m].Reached(gen, step, phase));

        // A stage of one replica and a pipeline of one stage have no barrier to wait in.
        int last = plan.Depth > 1 ? 2 : plan.Pipelines > 1 ? 1 : 0;
        bool ready = node.RunPhase switch
        {
            0 => Replicas(0) && Members(0),
            1 => Replicas(1),
            _ => Members(2),
        };
        if (!ready) return null;
        var world = before.Clone();
        node = world.Nodes[n];
        if (node.RunPhase == 0)
        {
            node.StopSent = node.StopAsked;
            if (last == 0 || world.Case.Lacks(Without.Barrier)) Pass(world, plan, n);
            else node.RunPhase = plan.Pipelines > 1 ? 1 : 2;
        }
        else if (node.RunPhase < last)
        {
            node.RunPhase++;
        }
        else
        {
            Pass(world, plan, n);
        }

        return world;
    }

    // GenerationRun.Train: the barrier is passed
    private static void Pass(World world, Plan plan, int n)
    {
        var node = world.Nodes[n];
        int step = node.RunStep;
        // Whoever has passed the step already has seen the same answers, and has ended if anyone was asked to stop.
        bool Stops(Node other) => other.RunGen == node.RunGen && (other.RunStep == step ? other.StopSent : other.RunStep == step + 1 && other.End == RunEnd.Done);
        bool stop = plan.Places.Any(p => Stops(world.Nodes[p]));
        foreach (int layer in WorkerMoves.Bits(plan.Layers(n)))
        {
            if (node.Held[layer] != 1 << step) world.Wrong = $"I5: {world.Case.Id(n)} applies step {step} to layer {layer}, of which it holds the versions {string.Join(", ", WorkerMoves.Bits(node.Held[layer]))}";
            node.Held[layer] = 2 << step;
        }

        node.Log = node.Log & (1 << step) - 1 | 1 << step;
        world.EverPassed |= 1 << step;
        (node.RunStep, node.RunPhase, node.StopSent) = (step + 1, 0, false);
        if (stop || node.RunStep == world.Case.Steps) EndRun(node, RunEnd.Done, -1);
    }

    /// <summary>A node notices that a peer is lost, or has gone on; each way in which it may.</summary>
    // Mesh.Lose, Mesh.Connect, GenerationRun.Run
    public static IEnumerable<(string Label, World World)> Notice(World before, int n)
    {
        var node = before.Nodes[n];
        if (!node.Up || !node.Running || before.Case.IsVault(n)) yield break;
        var plan = before.Plans[node.RunGen]!;
        foreach (int p in plan.Replicas(n).Concat(plan.Members(n)).Distinct().Where(p => p != n))
        {
            var peer = before.Nodes[p];
            RunEnd? end = peer.Cut || node.Cut || !peer.Up ? RunEnd.Broken
                : peer.RunGen == node.RunGen ? peer.End is RunEnd.Halted or RunEnd.Broken ? RunEnd.Halted : null
                : peer.Prepared != node.RunGen ? RunEnd.Halted : null;
            if (end is not { } kind) continue;
            var world = before.Clone();
            EndRun(world.Nodes[n], kind, kind == RunEnd.Broken ? p : -1);
            yield return ($"{before.Case.Id(n)} loses {before.Case.Id(p)} ({kind})", world);
        }
    }

    /// <summary>Ends a run; in a barrier it keeps the reduced gradients.</summary>
    // GenerationRun.PassBarrier
    public static void EndRun(Node node, RunEnd end, int peer)
    {
        node.Reduced = end != RunEnd.Done && node.RunPhase > 0;
        (node.End, node.BrokenPeer) = (end, peer);
    }

    /// <summary>A shard of the vault gets all of the next step, and tells the others; or applies it, when all of them have told.</summary>
    // TrainingStep.SendToVault, ShadowFollower.Next and Apply
    public static World? Follows(World before, int n)
    {
        if (!before.Case.IsVault(n) || before.Nodes[n] is not { Up: true, Running: true } shard) return null;
        var plan = before.Plans[shard.RunGen]!;
        if (!plan.Vault) return null;
        var (gen, step) = (shard.RunGen, shard.RunStep);
        bool complete = shard.RunPhase == 1 || plan.FeederNodes[Array.IndexOf(plan.Shards, n)].All(m => before.Nodes[m].Reached(gen, step + 1, 0));
        bool agreed = before.Case.Lacks(Without.Agreement) || plan.Shards.All(s => s == n || before.Nodes[s].Reached(gen, step, 1));
        if (!complete || (shard.RunPhase == 1 && !agreed)) return null;
        var world = before.Clone();
        shard = world.Nodes[n];
        if (shard.RunPhase == 0 && plan.Shards.Length > 1)
        {
            shard.RunPhase = 1;
            return world;
        }

        (shard.RunStep, shard.RunPhase) = (step + 1, 0);
        foreach (int layer in WorkerMoves.Bits(plan.Layers(n))) shard.Held[layer] = 2 << step;
        shard.Log = shard.Log & (1 << step) - 1 | 1 << step;
        return world;
    }

    /// <summary>A follower takes a snapshot or a step of a layer.</summary>
    // ShadowFeed.Run, ShadowStream.Take
    public static IEnumerable<(string Label, World World)> Follow(World before, int n)
    {
        var node = before.Nodes[n];
        if (!node.Up || node.ShadowGen == 0) yield break;
        for (int layer = 0; layer < before.Case.Layers; layer++)
        {
            if (node.ShadowFrom[layer] < 0) continue;
            var holder = before.Nodes[node.ShadowFrom[layer]];
            int version = node.ShadowVersion[layer];
            bool takes = version < 0 ? holder.Up && holder.Running && holder.RunGen == node.ShadowGen : holder.Reached(node.ShadowGen, version + 1, 0);
            if (!takes) continue;
            var world = before.Clone();
            var follower = world.Nodes[n];
            follower.ShadowVersion[layer] = version < 0 ? holder.RunStep : version + 1;
            // ShadowFeeds.Apply: from the generation's first step on
            follower.ShadowLog |= (1 << follower.ShadowVersion[layer]) - (1 << before.Plans[node.ShadowGen]!.Start);
            yield return ($"{before.Case.Id(n)} follows layer {layer} to version {world.Nodes[n].ShadowVersion[layer]}", world);
        }
    }
}
