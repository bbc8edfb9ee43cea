using Parcae.Grains.Jobs.Ledger;
using Parcae.Grains.Jobs.Planning;

namespace Parcae.Grains.Tests.Protocol;

/// <summary>What the job grain decides when everyone has been halted, with the product's own code where it is free of grains.</summary>
internal static class Decisions
{
    // Rest.Bring after the halts, Ending.Complete, Reconfiguration.Run up to the preparation
    public static void Decide(World world, Grain grain)
    {
        var of = world.Case;
        grain.Frozen = true;
        int workers = (1 << of.AllWorkers) - 1, silent = grain.Failed & workers;
        // With nobody training, those who do not answer are lost too; else they are left out this time.
        foreach (int n in WorkerMoves.Bits(grain.Members == 0 ? silent : silent & grain.Members)) Lose(world, grain, n);
        bool whole = (grain.Failed & grain.Vault) == 0;
        if (!whole) GrainMoves.LeaveVault(grain);

        var reports = Enumerable.Range(0, of.AllWorkers).Where(n => grain.Reports[n] is not null).Select(n => Report(of, n, grain.Reports[n]!)).ToArray();
        HaltReport[] vault = [.. of.VaultNodes.Where(n => grain.Reports[n] is not null).Select(n => Report(of, n, grain.Reports[n]!))];
        var committed = CommittedPlan(world, grain);
        int from = Ledgers.Open(grain.State).Book.FirstMissing;
        foreach (var result in ToldResults.OfTheLine(committed, [.. reports, .. vault]).Where(r => r.Step >= from)) GrainMoves.Take(grain, result);
        var line = Ledgers.Open(grain.State).Book;
        int beyond = TargetVersion.Find(of.Layers, reports, vault, step => line[step])?.Version ?? 0;
        foreach (var result in ToldResults.Beyond(line.Committed, beyond, [.. reports, .. vault])) GrainMoves.Take(grain, result);

        var book = Ledgers.Open(grain.State).Book;
        int passed = book.Committed;
        var target = FindOrigin(of, reports, vault, whole, book);
        if (grain.Completing)
        {
            int version = target?.Version ?? 0;
            if (version < passed) AttemptMoves.Look(world, grain, complete: false);
            else grain.At = At.SaveCompleted;
            return;
        }

        int usable = WorkerMoves.Bits((grain.Members | grain.Others) & ~silent).Where(n => world.Nodes[n].Listed).Sum(n => 1 << n);
        var strategy = of.For(System.Numerics.BitOperations.PopCount((uint)usable));
        if (strategy.IsPause || target is null)
        {
            grain.State = grain.State with { Paused = true };
            if (GrainMoves.Save(world, grain)) GrainMoves.Clear(grain, At.Idle);
            return;
        }

        if (target.Version >= of.Steps && passed >= of.Steps)
        {
            GrainMoves.Clear(grain, At.Look);
            return;
        }

        Prepare(world, grain, target, strategy, usable, whole ? of.Deal(WorkerMoves.Bits(grain.Vault)) : []);
    }

    /// <summary>An instance counts as lost.</summary>
    // Job.Lose, FleetBook.Lose
    public static void Lose(World world, Grain grain, int n)
    {
        world.Nodes[n].Listed = false;
        grain.Suspects &= ~(1 << n);
        grain.Refused &= ~(1 << n);
    }

    // Rest.FindOrigin, without checkpoints
    private static StateTarget? FindOrigin(Case of, HaltReport[] reports, HaltReport[] vault, bool whole, LedgerBook book)
    {
        var target = TargetVersion.Find(of.Layers, reports, vault, step => book[step]);
        if (target is { Version: > 0 } || (target is not null && book.Committed == 0)) return target;
        bool vaultAway = of.Vault && (vault.Length == 0 || !whole);
        return book.Committed > 0 && vaultAway ? null : TargetVersion.Seed(of.Layers, reports);
    }

    /// <summary>The plan in force; its vault is empty when none follows.</summary>
    private static GenerationPlan? CommittedPlan(World world, Grain grain) => grain.State.Plan == 0
        ? null
        : world.Plans[grain.State.Plan]!.Generation is var plan && grain.State.VaultFollows ? plan : plan with { Vault = [] };

    private static HaltReport Report(Case of, int n, Said said) => new()
    {
        InstanceId = of.Id(n),
        Layers = [.. Enumerable.Range(0, of.Layers).SelectMany(layer => WorkerMoves.Bits(said.Held[layer])
            .Select(version => new LayerHolding(layer, version, said.PendingStep == version && (said.PendingLayers >> layer & 1) != 0)))],
        Results = [.. WorkerMoves.Bits(said.Log).Select(Ledgers.Result)],
    };

    // Reconfiguration.Assign, Preparation
    private static void Prepare(World world, Grain grain, StateTarget target, Liveput.Strategy strategy, int usable, VaultShard[] vault)
    {
        var of = world.Case;
        var stages = of.Partition(strategy.Depth);
        var places = PlaceAssigner.Assign(
            strategy, stages, WorkerMoves.Bits(usable).Select(n => new PeerEndpoint(of.Id(n), "", 0)), (id, layer) => target.Holders[layer].Contains(id), _ => 1,
            grain.State.Plan > 0 ? world.Plans[grain.State.Plan]?.Generation : null);
        var generation = new GenerationPlan
        {
            JobId = "job",
            Generation = grain.Gen,
            Pipelines = strategy.Pipelines,
            Depth = strategy.Depth,
            Stages = stages,
            Places = places,
            StartStep = target.Version,
            Vault = vault,
        };
        bool Awkward(string id) => generation.Of(id) is null && generation.ShardOf(id) is null && target.Finishers.Contains(id);
        string[][] holders = [.. target.Holders.Select(ids => ids.All(Awkward) ? ids : [.. ids.Where(id => !Awkward(id))])];
        int[] helpers = [.. holders.SelectMany(h => h).Where(Awkward).Distinct().Select(of.Node)];
        int[] nodes = [.. places.OrderBy(p => p.Pipeline).ThenBy(p => p.Stage).Select(p => of.Node(p.Peer.InstanceId))];
        int[] bits = [.. holders.Select(h => h.Sum(id => 1 << of.Node(id)))];
        int[] shards = [.. vault.Select(s => of.Node(s.Peer.InstanceId))];
        var plan = new Plan(generation, vault.Length > 0, bits, [.. target.Finishers.Select(of.Node)], target.Finish is not null, nodes,
            $"{strategy}{string.Join("", vault.Select(s => $"{s.Peer.InstanceId}{string.Join("", s.Layers)}"))}{string.Join(",", nodes)}@{target.Version}{(target.Finish is null ? "" : "!")}{string.Join(",", bits)}")
        {
            Shards = shards,
            FeederNodes = [.. vault.Select(s => generation.Feeders(s).Select(p => of.Node(p.Peer.InstanceId)).ToArray())],
        };
        world.Plans[grain.Gen] = plan;
        grain.At = At.Preparing;
        grain.Places = nodes.Sum(n => 1 << n);
        grain.Failed = 0;
        grain.Waiting = grain.Places | helpers.Sum(n => 1 << n) | shards.Sum(n => 1 << n);
        foreach (int n in WorkerMoves.Bits(grain.Waiting)) world.Commands.Add(new Command(Order.Prepare, grain.Gen, n, false));
    }
}
