using Parcae.GpuWorker.Models;
using Parcae.GpuWorker.Service;
using Parcae.GpuWorker.Tests.Pipeline;
using Parcae.Grains;

namespace Parcae.GpuWorker.Tests.Faults;

/// <summary>One job that goes from strategy to strategy, (D, P) in {1..3} x {1..4}, with a vault of 1 to 3 shards, and a fault in each: everything drawn from a seed. The test does what the job's grain would.</summary>
internal sealed class ChaosRun(WorkerCluster cluster, int seed, Action<string> tell)
{
    private const int StepsBetween = 3;
    private static readonly FaultPoint[] Points = Enum.GetValues<FaultPoint>();
    private static readonly FaultKind[] Kinds = Enum.GetValues<FaultKind>();
    private readonly Random _random = new(seed);

    /// <summary>Faults in which every point and kind comes once.</summary>
    public static int RoundLength => Points.Length * Kinds.Length;

    private readonly List<string> _alive = [];
    private readonly LayerRange _layers = new(0, ModelFactory.Create(cluster.Spec.Model).LayerCount);
    private readonly List<string> _vault = [];
    private int _named;
    private (int Pipelines, int Depth) _strategy;

    /// <summary>Faults that struck.</summary>
    public int Struck { get; private set; }

    /// <summary>The fault that is under way.</summary>
    public string Current { get; private set; } = "";

    /// <summary>Lets so many faults strike, one after the other.</summary>
    /// <param name="faults">How many.</param>
    /// <param name="round">Called whenever every point and kind has been.</param>
    public async Task RunAsync(int faults, Action round)
    {
        for (int i = 0; i < faults; i++)
        {
            if (i > 0 && i % RoundLength == 0) round();
            // Every point and kind comes, in an order of the seed's.
            if (i % RoundLength == 0) Shuffle();
            var (point, kind) = _order[i % _order.Count];
            await OneAsync(i, point, kind);
        }
    }

    private readonly List<(FaultPoint, FaultKind)> _order = [.. Points.SelectMany(p => Kinds.Select(k => (p, k)))];

    private async Task OneAsync(int number, FaultPoint point, FaultKind kind)
    {
        using var limit = new CancellationTokenSource(Patience.Long);
        await ChangeAsync(_random.Next(2) == 0 ? HaltMode.AtBoundary : HaltMode.Now, limit.Token);
        await cluster.ReachAsync(cluster.Plan!.StartStep + 1);
        var members = cluster.Plan.Places.Select(p => p.Peer.InstanceId).ToArray();
        string victim = point == FaultPoint.VaultApply ? cluster.Plan.Vault[_random.Next(cluster.Plan.Vault.Length)].Peer.InstanceId : members[_random.Next(members.Length)];
        Current = $"{number}: {_strategy.Pipelines} x {_strategy.Depth}, {cluster.Plan.Vault.Length} shards, {point}, {kind} at {victim}, step {cluster.Results.Keys.Max()}";
        var host = cluster[victim];
        RidingOut.MakeKillable(host);
        await host.Inject(new FaultOrder(point, kind, point == FaultPoint.MidSwitch ? 1 : 1 + _random.Next(3)));
        var work = point switch
        {
            FaultPoint.MidTransfer => cluster.ShadowAsync(Spare(), cluster.Plan.Stages[cluster.Plan.Of(victim)!.Stage], cluster.Plan.Of(victim)!.Pipeline),
            FaultPoint.MidSwitch => cluster.ReconfigureAsync(_strategy.Pipelines, _strategy.Depth, members, [.. cluster.Plan.Vault.Select(s => s.Peer.InstanceId)]),
            _ => Task.CompletedTask,
        };
        bool struck = await StruckAsync(host, work, limit.Token);
        bool lost = struck && kind is FaultKind.Kill or FaultKind.Hang;
        Struck += struck ? 1 : 0;
        int generations = await cluster.RideOutAsync(
            work, StepsBetween, () => { if (lost) GiveUp(victim); }, () => ChangeAsync(HaltMode.Now, limit.Token), limit.Token);
        if (lost)
        {
            host.Faults.Release();
            await cluster.BuryAsync(host).WaitAsync(limit.Token);
        }

        tell($"{Current}{(struck ? "" : " (not reached)")}: {generations} generations to {_strategy.Pipelines} x {_strategy.Depth} at step {cluster.Results.Keys.Max()}");
    }

    /// <summary>A stage of one layer may be sent in fewer parts than the fault waits for: then it does not strike, and is taken back.</summary>
    private static async Task<bool> StruckAsync(WorkerHost host, Task work, CancellationToken cancellation)
    {
        var struck = host.Faults.Struck;
        await (work.IsCompleted ? (Task)struck : Task.WhenAny(struck, work)).WaitAsync(cancellation);
        if (!struck.IsCompleted) await host.Inject(null);
        return struck.IsCompleted;
    }

    private void GiveUp(string id)
    {
        if (!_vault.Remove(id) && !_alive.Remove(id)) return; // given up already
        cluster.Forsake(id);
    }

    private async Task ChangeAsync(HaltMode mode, CancellationToken cancellation)
    {
        _strategy = (1 + _random.Next(3), 1 + _random.Next(4));
        while (_alive.Count < _strategy.Pipelines * _strategy.Depth + 1) _alive.Add(Add(InstanceRole.Worker));
        int shards = 1 + _random.Next(3);
        while (_vault.Count < shards) _vault.Add(Add(InstanceRole.Vault));
        cluster.VaultCopies = 1 + _random.Next(2);
        string[] members = [.. _alive.OrderBy(_ => _random.Next()).Take(_strategy.Pipelines * _strategy.Depth)];
        await cluster.ReconfigureAsync(_strategy.Pipelines, _strategy.Depth, members, [.. _vault.Take(shards)], mode).WaitAsync(cancellation);
    }

    private string Spare() => _alive.First(id => cluster.Plan!.Of(id) is null);

    private string Add(InstanceRole role)
    {
        string id = $"{(role == InstanceRole.Vault ? "v" : "w")}{_named++}";
        cluster.Add(id, role);
        return id;
    }

    private void Shuffle()
    {
        for (int i = _order.Count - 1; i > 0; i--)
        {
            int other = _random.Next(i + 1);
            (_order[i], _order[other]) = (_order[other], _order[i]);
        }
    }
}
