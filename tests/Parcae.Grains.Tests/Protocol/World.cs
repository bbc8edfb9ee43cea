namespace Parcae.Grains.Tests.Protocol;

/// <summary>What a grain tells a worker.</summary>
internal enum Order : byte
{
    Shadow, HaltAtBoundary, HaltNow, Prepare, Switch, Release,
}

/// <summary>A command on its way.</summary>
/// <param name="Order">What.</param>
/// <param name="Gen">The generation it speaks of.</param>
/// <param name="Node">To whom.</param>
/// <param name="Taken">Whether the receiver has begun with it: a halt waits for the boundary.</param>
internal readonly record struct Command(Order Order, int Gen, int Node, bool Taken) : IComparable<Command>
{
    public int CompareTo(Command other) => (Order, Gen, Node, Taken).CompareTo((other.Order, other.Gen, other.Node, other.Taken));
}

/// <summary>A state of everything: processes, messages, storage, and how many faults are left.</summary>
internal sealed class World
{
    public required Case Case { get; init; }

    public required Node[] Nodes { get; set; }

    /// <summary>Activations; the newest, which takes the calls, comes last. Empty: none is active.</summary>
    public List<Grain> Grains { get; set; } = [];

    public Durable Stored { get; set; }

    /// <summary>Plans that were ever prepared, by generation.</summary>
    public Plan?[] Plans { get; set; } = new Plan?[16];

    public List<Command> Commands { get; set; } = [];

    public int CrashesLeft { get; set; }

    public int CutsLeft { get; set; }

    public int GrainCrashesLeft { get; set; }

    public bool VaultCrashLeft { get; set; }

    public int VaultStopsLeft { get; set; }

    /// <summary>Steps that someone passed the barrier of, ever; generations whose plan was made durable; both as bits.</summary>
    public int EverPassed { get; set; }

    /// <inheritdoc cref="EverPassed"/>
    public int EverCommitted { get; set; }

    /// <summary>What a transition found wrong, or null.</summary>
    public string? Wrong { get; set; }

    public static World Start(Case of)
    {
        var world = new World
        {
            Case = of,
            Nodes = [.. Enumerable.Range(0, of.AllWorkers + of.Vaults).Select(_ => Node.Create(of.Layers))],
            CrashesLeft = of.WorkerCrashes,
            CutsLeft = of.Cuts,
            GrainCrashesLeft = of.GrainCrashes,
            VaultCrashLeft = of.VaultCrash,
            VaultStopsLeft = of.VaultStops,
        };
        for (int n = 0; n < world.Nodes.Length; n++) (world.Nodes[n].Up, world.Nodes[n].Listed, world.Nodes[n].Fresh) = n < of.Workers || of.IsVault(n) ? (true, true, false) : (false, false, true);
        world.Grains.Add(world.NewGrain());
        return world;
    }

    public Grain NewGrain() => new() { State = Stored, Reports = new Said?[Nodes.Length] };

    public World Clone()
    {
        var copy = (World)MemberwiseClone();
        copy.Nodes = Array.ConvertAll(Nodes, n => n.Clone());
        copy.Grains = Grains.ConvertAll(g => g.Clone());
        copy.Plans = [.. Plans];
        copy.Commands = [.. Commands];
        return copy;
    }

    /// <summary>Forgets what nobody can read any more, so that equal states look equal.</summary>
    public void Tidy()
    {
        int live = Stored.Plan == 0 ? 0 : 1 << Stored.Plan;
        foreach (var grain in Grains) live |= 1 << grain.State.Plan | 1 << grain.Gen;
        foreach (var command in Commands) live |= 1 << command.Gen;
        foreach (var node in Nodes)
        {
            if (node.Up) live |= 1 << node.RunGen | 1 << node.Prepared | 1 << node.Fetching;
            else if (node.RunGen > 0 && !Array.Exists(Nodes, n => n.Up && n.RunGen == node.RunGen)) (node.RunGen, node.RunStep, node.RunPhase, node.End, node.StopSent) = (0, 0, 0, RunEnd.Done, false);
            if (node.LateGen > 0 && node.LateGen != Stored.Plan && !Grains.Exists(g => g.State.Plan == node.LateGen)) (node.LateGen, node.LateLog) = (0, 0);
        }

        for (int gen = 0; gen < Plans.Length; gen++)
        {
            if ((live >> gen & 1) == 0) Plans[gen] = null;
        }

        Commands.Sort();
    }

    /// <summary>The state as a string: equal if and only if the states are.</summary>
    public string Key(KeyWriter key)
    {
        Stored.Write(key);
        foreach (var node in Nodes) node.Write(key);
        key.Add(Grains.Count);
        foreach (var grain in Grains) grain.Write(key);
        key.Add(Commands.Count);
        foreach (var (order, gen, node, taken) in Commands)
        {
            key.Add((int)order * 2 + (taken ? 1 : 0));
            key.Add(gen);
            key.Add(node);
        }

        foreach (int value in (ReadOnlySpan<int>)[CrashesLeft, CutsLeft, GrainCrashesLeft, VaultCrashLeft ? 1 : 0, VaultStopsLeft, EverPassed, EverCommitted & 0x7f, EverCommitted >> 7]) key.Add(value);
        for (int gen = 0; gen < Plans.Length; gen++)
        {
            if (Plans[gen] is not { } plan) continue;
            key.Add(gen);
            key.Add(plan.Key);
            key.Flags(plan.Vault);
        }

        return key.Take();
    }
}
