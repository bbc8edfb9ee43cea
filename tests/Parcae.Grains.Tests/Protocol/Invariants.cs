using Parcae.Grains.Jobs.Ledger;

namespace Parcae.Grains.Tests.Protocol;

/// <summary>The invariants of docs/protocol.md, by their numbers there.</summary>
internal static class Invariants
{
    /// <summary>What is wrong in a state, or null.</summary>
    public static string? Broken(World world)
    {
        if (world.Wrong is not null) return world.Wrong;
        var of = world.Case;
        for (int n = 0; n < world.Nodes.Length; n++)
        {
            var node = world.Nodes[n];
            if (!node.Up) continue;
            if (node.Running && (world.EverCommitted >> node.RunGen & 1) == 0) return $"I3: {of.Id(n)} runs generation {node.RunGen}, which is not durable";
            if (node.Running && node.RunGen < node.Promised) return $"I5: {of.Id(n)} trains in generation {node.RunGen} after it was halted or prepared for generation {node.Promised}";
        }

        for (int gen = 1; gen < world.Plans.Length; gen++)
        {
            // The last step that each shard has applied, or can.
            Node[] shards = [.. of.VaultNodes.Select(n => world.Nodes[n]).Where(n => n.Up && n.RunGen == gen && n.Held.Any(h => h != 0))];
            if (shards.Length > 1 && shards.Min(s => s.RunStep + (s.RunPhase > 0 ? 1 : 0)) < shards.Max(s => s.RunStep))
                return $"I7: shards of the vault in generation {gen} are at versions {string.Join(", ", shards.Select(s => s.RunStep))}, and one cannot follow";
            int[] steps = [.. Enumerable.Range(0, of.AllWorkers).Where(n => world.Nodes[n].RunGen == gen).Select(n => world.Nodes[n].RunStep)];
            if (steps.Length > 1 && steps.Max() - steps.Min() > 1) return $"I2: replicas of generation {gen} are at versions {string.Join(", ", steps)}";
        }

        foreach (var grain in world.Grains)
        {
            if (Unpassed(world, grain.State) is { } step) return $"I4: step {step} is counted as done, and nobody has passed it";
        }

        return Unpassed(world, world.Stored) is { } stored ? $"I4: step {stored} is stored as done, and nobody has passed it" : null;
    }

    /// <summary>Checks what is about to be committed; the ledger is not yet brought to where the plan begins.</summary>
    public static void CheckCommit(World world, Grain grain, Plan plan, LedgerBook book)
    {
        var of = world.Case;
        foreach (int n in plan.Places.Where(n => world.Nodes[n].Up && world.Nodes[n].Fence == grain.Gen))
        {
            foreach (int layer in WorkerMoves.Bits(plan.Layers(n)))
            {
                if ((world.Nodes[n].Held[layer] >> plan.Start & 1) == 0) world.Wrong = $"I5: {of.Id(n)} prepared generation {grain.Gen} and does not hold layer {layer} at version {plan.Start}";
            }
        }

        if (plan.Start < book.Committed && grain.State.Plan > 0 && world.Plans[grain.State.Plan] is { } before)
        {
            bool Survives(int layer) => before.Places.Any(n => grain.Reports[n] is not null && (before.Layers(n) >> layer & 1) != 0);
            if (Enumerable.Range(0, of.Layers).All(Survives)) world.Wrong = $"I1: the job goes back from step {book.Committed} to step {plan.Start}, though of every layer a replica has survived";
        }

        for (int step = 0; step < plan.Start; step++)
        {
            if (book[step] is not null) continue;
            int knows = Array.FindIndex(grain.Reports, r => r is not null && (r.Log >> step & 1) != 0);
            if (knows >= 0) world.Wrong = $"I4: generation {grain.Gen} begins at step {plan.Start}; the result of step {step}, which {of.Id(knows)} told, is not in the ledger";
            else world.Wrong = $"I4: generation {grain.Gen} begins at step {plan.Start}; nobody told the result of step {step}";
        }
    }

    /// <summary>What is wrong with the ledger of a job that is completed, or null.</summary>
    public static string? BrokenEnd(World world)
    {
        var state = world.Stored;
        if (state.Committed < world.Case.Steps) return $"I4: completed at step {state.Committed}";
        var accounts = Ledgers.Open(state).Book.Accounts();
        if (accounts.SamplesRepeated != 0 || accounts.ReplayMismatches != 0) return $"I4: {accounts.SamplesRepeated} samples are counted twice";
        return accounts.SamplesLost != 0 ? $"I4: {accounts.SamplesLost} samples are lost" : null;
    }

    private static int? Unpassed(World world, Durable state)
    {
        int done = (1 << state.Committed) - 1 & ~world.EverPassed;
        return done == 0 ? null : System.Numerics.BitOperations.TrailingZeroCount(done);
    }
}
