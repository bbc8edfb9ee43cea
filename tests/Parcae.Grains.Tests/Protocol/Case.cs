using Parcae.Grains.Jobs.Planning;
using Parcae.Liveput;

namespace Parcae.Grains.Tests.Protocol;

/// <summary>A part of the protocol that is left out, or an assumption that is not kept, to see that the explorer notices.</summary>
[Flags]
internal enum Without
{
    /// <summary>The protocol as it is.</summary>
    Nothing = 0,

    /// <summary>Workers take commands of any generation.</summary>
    Fence = 1,

    /// <summary>A replica applies a step as soon as its own stage is reduced.</summary>
    Barrier = 2,

    /// <summary>A generation's workers are told to begin before its plan is durable.</summary>
    DurableCommit = 4,

    /// <summary>The store takes every write, whoever wrote last.</summary>
    CompareAndSwap = 8,

    /// <summary>A second halt of a round may arrive after the commands that were sent later.</summary>
    OrderedCommands = 16,

    /// <summary>A shard of the vault applies a step as soon as it has all of it.</summary>
    Agreement = 32,
}

/// <summary>One small case: how much there is, and how much may go wrong.</summary>
internal sealed record Case
{
    /// <summary>For people.</summary>
    public required string Name { get; init; }

    /// <summary>Workers that are there from the beginning.</summary>
    public required int Workers { get; init; }

    /// <summary>Workers that may join at any time.</summary>
    public int Joining { get; init; }

    /// <summary>Layers of the model.</summary>
    public int Layers { get; init; } = 2;

    /// <summary>Steps that are asked for.</summary>
    public int Steps { get; init; } = 2;

    /// <summary>Instances of the state vault.</summary>
    public int Vaults { get; init; }

    /// <summary>How many of them hold each layer.</summary>
    public int VaultCopies { get; init; } = 1;

    /// <summary>Whether there is a state vault.</summary>
    public bool Vault => Vaults > 0;

    /// <summary>The strategy for each number of usable workers, from 0 on.</summary>
    public required Strategy[] Strategies { get; init; }

    /// <summary>Workers that may crash.</summary>
    public int WorkerCrashes { get; init; }

    /// <summary>Whether an instance of the vault may crash.</summary>
    public bool VaultCrash { get; init; }

    /// <summary>How often the vault may stop following by itself: it does not keep up, or its thread hangs, with which its copy is lost.</summary>
    public int VaultStops { get; init; }

    /// <summary>How often a worker or the vault may be cut off: whoever waits for it may take it for dead. It comes back.</summary>
    public int Cuts { get; init; }

    /// <summary>Whether a worker that was given up joins the fleet again when it comes back, with all that it holds.</summary>
    public bool Rejoins { get; init; }

    /// <summary>How often the job grain's activation may be lost.</summary>
    public int GrainCrashes { get; init; }

    /// <summary>Whether a lost activation goes on, not knowing that there is another.</summary>
    public bool Zombies { get; init; }

    /// <summary>What is left out.</summary>
    public Without Without { get; init; }

    /// <summary>Generation numbers beyond are not explored; the number of states that are cut off there is told.</summary>
    public int Generations { get; init; } = 7;

    /// <summary>States beyond are an error: the case is too large.</summary>
    public int States { get; init; } = 400_000;

    /// <summary>All workers that there can be.</summary>
    public int AllWorkers => Workers + Joining;

    /// <summary>The vault's numbers among the nodes.</summary>
    public IEnumerable<int> VaultNodes => Enumerable.Range(AllWorkers, Vaults);

    /// <summary>Whether a node is of the vault.</summary>
    public bool IsVault(int node) => node >= AllWorkers;

    /// <summary>The strategy for a number of workers.</summary>
    public Strategy For(int usable) => Strategies[Math.Min(usable, Strategies.Length - 1)];

    /// <summary>Whether a part is left out.</summary>
    public bool Lacks(Without part) => (Without & part) != 0;

    /// <summary>The layers of each stage at a depth.</summary>
    public LayerRange[] Partition(int depth)
    {
        var stages = new LayerRange[depth];
        for (int s = 0, first = 0; s < depth; s++)
        {
            int count = Layers / depth + (s < Layers % depth ? 1 : 0);
            stages[s] = new LayerRange(first, count);
            first += count;
        }

        return stages;
    }

    /// <summary>The instance id of a node.</summary>
    public string Id(int node) => ((char)(IsVault(node) ? 'v' + node - AllWorkers : 'a' + node)).ToString();

    /// <summary>The node of an instance id.</summary>
    public int Node(string id) => id[0] >= 'v' ? AllWorkers + id[0] - 'v' : id[0] - 'a';

    /// <summary>The layers dealt to instances of the vault.</summary>
    public VaultShard[] Deal(IEnumerable<int> vaults) => VaultShards.Deal([.. vaults.Select(n => new PeerEndpoint(Id(n), "", 0))], [.. Enumerable.Repeat(1L, Layers)], VaultCopies);

    /// <inheritdoc/>
    public override string ToString() => Name;
}
