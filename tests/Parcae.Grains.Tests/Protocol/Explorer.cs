namespace Parcae.Grains.Tests.Protocol;

/// <summary>What an exploration found.</summary>
/// <param name="States">States that can be reached.</param>
/// <param name="Moves">Ways from one to another.</param>
/// <param name="Completed">States in which the job is completed.</param>
/// <param name="CutOff">States that were not explored further, because the generation numbers grow beyond what the case looks at.</param>
/// <param name="Violation">What is wrong, or null.</param>
/// <param name="Trace">The shortest way there.</param>
internal sealed record Findings(int States, long Moves, int Completed, int CutOff, string? Violation, IReadOnlyList<string> Trace)
{
    /// <inheritdoc/>
    public override string ToString() => Violation is null
        ? $"{States} states, {Moves} moves, {Completed} completed, {CutOff} cut off"
        : $"{Violation}{Environment.NewLine}after {States} states, by{Environment.NewLine}{string.Join(Environment.NewLine, Trace.Select((move, i) => $"{i + 1,3} {move}"))}";
}

/// <summary>
/// Visits every state of a case, breadth first, so that the first violation is one that takes the fewest moves. When all are sound, checks that from every one the job
/// can be completed without another fault, where there are still the instances for it.
/// </summary>
internal sealed class Explorer(Case of)
{
    private readonly Dictionary<string, int> _numbers = [];
    private readonly List<(int From, string Label)> _came = [];
    private readonly List<(int From, int To)> _free = [];
    private readonly List<bool> _good = [];
    private readonly HashSet<int> _exempt = [];
    private readonly Queue<World> _open = new();
    private readonly KeyWriter _key = new();
    private long _moves;
    private int _completed, _cutOff;

    public Findings Run()
    {
        Visit(World.Start(of), -1, "start");
        for (int number = 0; _open.TryDequeue(out var world); number++)
        {
            if (Wrong(world) is { } wrong) return Found(wrong, number);
            if (_good[number]) continue;
            foreach (var (label, fault, next) in Moves.From(world))
            {
                next.Tidy();
                _moves++;
                int to = Visit(next, number, label);
                if (!fault) _free.Add((number, to));
            }

            if (_came.Count > of.States) throw new InvalidOperationException($"The case '{of}' has more than {of.States} states.");
        }

        return Stuck() is { } stuck ? Found("from here the job cannot be completed any more, though no further fault happens", stuck) : Found(null, 0);
    }

    private static string? Wrong(World world) => Invariants.Broken(world) ?? (world.Stored.Completed ? Invariants.BrokenEnd(world) : null);

    private int Visit(World world, int from, string label)
    {
        string key = world.Key(_key);
        if (world.Wrong is not null) key += world.Wrong;
        if (_numbers.TryGetValue(key, out int known)) return known;
        _numbers.Add(key, _came.Count);
        _came.Add((from, label));
        _open.Enqueue(world);
        bool completed = world.Stored.Completed, cutOff = world.Stored.Attempted > of.Generations;
        if (completed) _completed++;
        else if (cutOff) _cutOff++;
        _good.Add(completed || cutOff);
        if (!completed && !cutOff && Exempt(world)) _exempt.Add(_came.Count - 1);
        return _came.Count - 1;
    }

    /// <summary>Whether there is too little left: too few workers for any plan, or state that only a lost vault has.</summary>
    private bool Exempt(World world)
    {
        int left = Enumerable.Range(0, of.AllWorkers).Count(n => world.Nodes[n] is var node && (node.Fresh || (node.Up && (node.Listed || of.Rejoins))));
        return of.For(left).IsPause || of.VaultNodes.Any(n => !world.Nodes[n].Up);
    }

    private int? Stuck()
    {
        var into = _free.ToLookup(e => e.To, e => e.From);
        var reaches = new bool[_came.Count];
        var queue = new Queue<int>(Enumerable.Range(0, _came.Count).Where(n => _good[n] || _exempt.Contains(n)));
        foreach (int n in queue) reaches[n] = true;
        while (queue.TryDequeue(out int to))
        {
            foreach (int from in into[to])
            {
                if (reaches[from]) continue;
                reaches[from] = true;
                queue.Enqueue(from);
            }
        }

        int stuck = Array.IndexOf(reaches, false);
        return stuck < 0 ? null : stuck;
    }

    private Findings Found(string? violation, int number)
    {
        var trace = new List<string>();
        for (int at = violation is null ? -1 : number; at > 0; at = _came[at].From) trace.Insert(0, _came[at].Label);
        return new Findings(_came.Count, _moves, _completed, _cutOff, violation, trace);
    }
}
