using Parcae.Liveput;

namespace Parcae.Grains.Tests.Protocol;

/// <summary>The cases that are explored.</summary>
internal static class Cases
{
    private static readonly Strategy None = Strategy.None, One = new(1, 1), Replicas = new(2, 1), Stages = new(1, 2);

    /// <summary>Small enough for every run of the tests.</summary>
    public static readonly Case[] Small =
    [
        new() { Name = "two replicas, a crash", Workers = 2, Strategies = [None, One, Replicas], WorkerCrashes = 1 },
        new() { Name = "two replicas, the grain is lost twice", Workers = 2, Strategies = [None, One, Replicas], GrainCrashes = 2 },
        new() { Name = "two stages of one pipeline, a vault, a crash", Workers = 2, Strategies = [None, One, Stages], Vaults = 1, WorkerCrashes = 1, Steps = 1 },
        new() { Name = "two stages of one pipeline, a vault that stops following", Workers = 2, Strategies = [None, One, Stages], Vaults = 1, VaultStops = 2 },
        new() { Name = "one worker, a vault of two shards that stop following", Workers = 1, Strategies = [None, One], Vaults = 2, VaultStops = 1 },
        new() { Name = "one worker, two activations at a time", Workers = 1, Strategies = [None, One], GrainCrashes = 1, Zombies = true },
        new() { Name = "a worker joins, and one crashes", Workers = 1, Joining = 1, Layers = 1, Strategies = [None, One, Replicas], WorkerCrashes = 1 },
        new() { Name = "two replicas, one is thought dead", Workers = 2, Layers = 1, Strategies = [None, One, Replicas], Cuts = 1 },
        new() { Name = "two replicas, one is thought dead and comes back with what it holds", Workers = 2, Layers = 1, Steps = 1, Strategies = [None, One, Replicas], Cuts = 1, Rejoins = true },
    ];

    /// <summary>A halt that is repeated, and a vault that prepares for longer than training waits for it.</summary>
    public static readonly Case LateHalt = new()
    {
        Name = "a worker and a vault, cut off three times",
        Workers = 1,
        Layers = 1,
        Strategies = [None, One],
        Vaults = 1,
        Cuts = 3,
        Generations = 4,
    };

    /// <summary>A stage may be lost when one shard of the vault has its step and the other has not.</summary>
    public static readonly Case TwoShards = new() { Name = "two stages, a vault of two shards, a crash, two steps", Workers = 2, Strategies = [None, One, Stages], Vaults = 2, WorkerCrashes = 1 };

    /// <summary>Minutes.</summary>
    public static readonly Case[] Large =
    [
        new() { Name = "three workers, two stages, a crash", Workers = 3, Strategies = [None, One, Stages, Stages], WorkerCrashes = 1 },
        new() { Name = "two replicas, two layers, one comes back", Workers = 2, Strategies = [None, One, Replicas], Cuts = 1, Rejoins = true },
        new() { Name = "two replicas, a crash and the loss of the grain", Workers = 2, Layers = 1, Strategies = [None, One, Replicas], WorkerCrashes = 1, GrainCrashes = 1 },
        new() { Name = "two replicas, a vault that may be cut off", Workers = 2, Layers = 1, Strategies = [None, One, Replicas], Vaults = 1, Cuts = 1 },
        new() { Name = "one worker with a vault, both may be lost, another joins", Workers = 1, Joining = 1, Layers = 1, Strategies = [None, One, One], Vaults = 1, WorkerCrashes = 1, Cuts = 1 },
        new() { Name = "two replicas, two activations at a time", Workers = 2, Layers = 1, Strategies = [None, One, Replicas], GrainCrashes = 1, Zombies = true },
        new() { Name = "two stages, a vault, a crash, two steps", Workers = 2, Strategies = [None, One, Stages], Vaults = 1, WorkerCrashes = 1 },
        new() { Name = "two stages, a vault that stops following, a crash", Workers = 2, Strategies = [None, One, Stages], Vaults = 1, VaultStops = 1, WorkerCrashes = 1, Steps = 1 },
        TwoShards with { Name = "two stages, a vault of two shards, a crash", Steps = 1 },
        new() { Name = "two replicas that feed a shard each, a crash", Workers = 2, Strategies = [None, One, Replicas], Vaults = 2, WorkerCrashes = 1, Steps = 1 },
        new() { Name = "two copies in the vault, of which one may crash, a crash", Workers = 1, Joining = 1, Layers = 1, Strategies = [None, One, One], Vaults = 2, VaultCopies = 2, VaultCrash = true, WorkerCrashes = 1, Steps = 1, Generations = 3 },
        new() { Name = "a worker joins, the grain is lost", Workers = 1, Joining = 1, Strategies = [None, One, Replicas], GrainCrashes = 1 },
        new() { Name = "one stage becomes two, a crash", Workers = 1, Joining = 1, Strategies = [None, One, Stages], WorkerCrashes = 1 },
        new() { Name = "two replicas, two crashes, a spare", Workers = 2, Joining = 1, Layers = 1, Steps = 1, Strategies = [None, One, Replicas, Replicas], WorkerCrashes = 2 },
        LateHalt with { Name = "a worker and a vault, cut off twice", Cuts = 2, Generations = 7 },
    ];
}
