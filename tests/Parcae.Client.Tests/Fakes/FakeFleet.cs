using System.Net;

using Orleans.Runtime;

using Parcae.Cli.Replay.Fleet;
using Parcae.Grains;

namespace Parcae.Client.Tests.Fakes;

/// <summary>A service whose workers vanish and come back as told, at once; and the words that call them back.</summary>
internal sealed class FakeFleet : UnaskedClient, IRecalls
{
    private readonly Lock _lock = new();
    private readonly SortedDictionary<string, InstanceRecord> _here = new(StringComparer.Ordinal);
    private readonly Dictionary<string, string> _away = [];
    private int _generation;

    public FakeFleet(params string[] workers)
    {
        foreach (string id in workers) Join(id);
    }

    /// <summary>Its jobs.</summary>
    public List<JobStatus> Jobs { get; } = [];

    /// <summary>Everything that was asked of workers.</summary>
    public List<string> Asked { get; } = [];

    /// <summary>Workers that refuse to vanish, and why.</summary>
    public Dictionary<string, Exception> Refusals { get; } = [];

    /// <summary>Workers that answer and do not vanish.</summary>
    public HashSet<string> Stay { get; } = [];

    /// <summary>Workers that are never heard of again.</summary>
    public HashSet<string> Deaf { get; } = [];

    /// <summary>A worker is there, as a new incarnation.</summary>
    public void Join(string id)
    {
        lock (_lock)
        {
            _here[id] = new InstanceRecord
            {
                Info = new InstanceInfo { Id = id, Role = InstanceRole.Worker, Silo = SiloAddress.New(IPAddress.Loopback, 1, ++_generation), DataPlane = new PeerEndpoint(id, "127.0.0.1", 1) },
                Phase = InstancePhase.Ready,
            };
        }
    }

    public override Task VanishAsync(string instanceId, VanishOrder order, CancellationToken cancellation = default)
    {
        lock (_lock)
        {
            if (Refusals.TryGetValue(instanceId, out var refusal)) return Task.FromException(refusal);
            if (order.Away == TimeSpan.Zero) return Task.CompletedTask;
            Asked.Add($"vanish {instanceId} {order.Away.TotalSeconds}");
            if (Stay.Contains(instanceId)) return Task.CompletedTask;
            _away[order.Id] = instanceId;
            return _here.Remove(instanceId) ? Task.CompletedTask : Task.FromException(new InstanceGoneException($"Instance {instanceId} is gone."));
        }
    }

    public Task RecallAsync(string order)
    {
        string? id;
        lock (_lock) _ = _away.Remove(order, out id);
        if (id is null || Deaf.Contains(id)) return Task.CompletedTask;
        lock (_lock) Asked.Add($"recall {id}");
        Join(id);
        return Task.CompletedTask;
    }

    public override Task NoticeAsync(string instanceId, TimeSpan remaining, string reason, string fleet = ParcaeNames.DefaultFleet, CancellationToken cancellation = default)
    {
        lock (_lock)
        {
            Asked.Add($"notice {instanceId} {remaining.TotalSeconds:0}");
            _here[instanceId] = _here[instanceId] with { Phase = InstancePhase.Draining };
        }

        return Task.CompletedTask;
    }

    public override Task<FleetSnapshot> GetFleetAsync(string fleet = ParcaeNames.DefaultFleet, CancellationToken cancellation = default)
    {
        lock (_lock) return Task.FromResult(new FleetSnapshot { LastSequence = 1, Instances = [.. _here.Values], Intervals = [], IntervalLength = TimeSpan.FromMinutes(1) });
    }

    public override Task<string[]> ListJobsAsync(string fleet = ParcaeNames.DefaultFleet, CancellationToken cancellation = default) => Task.FromResult(Jobs.Select(j => j.JobId).ToArray());

    public override Task<JobStatus> GetStatusAsync(string jobId, CancellationToken cancellation = default) =>
        Jobs.Find(j => j.JobId == jobId) is { } job ? Task.FromResult(job) : Task.FromException<JobStatus>(new KeyNotFoundException($"There is no job '{jobId}'."));
}
