using System.Diagnostics;

using Orleans.Runtime;

namespace Parcae.Cli.Replay.Fleet;

/// <summary>A worker of the fleet as a replay sees it. Not safe for concurrent use.</summary>
internal sealed class FleetWorker
{
    private TaskCompletionSource _here = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private long _left;

    /// <summary>One that is there.</summary>
    public FleetWorker(string id, SiloAddress silo)
    {
        (Id, Silo) = (id, silo);
        _here.SetResult();
    }

    /// <summary>Its instance's id.</summary>
    public string Id { get; }

    /// <summary>The silo of its last incarnation.</summary>
    public SiloAddress Silo { get; private set; }

    /// <summary>Whether it has a notice.</summary>
    public bool Noticed { get; set; }

    /// <summary>The order by which it is away, until it is called back; null else.</summary>
    public string? Order { get; set; }

    /// <summary>Whether the fleet has seen that it is away.</summary>
    public bool Lost { get; set; }

    /// <summary>Completed while it is there.</summary>
    public Task Here => _here.Task;

    /// <summary>Time since it vanished.</summary>
    public TimeSpan Since => Stopwatch.GetElapsedTime(_left);

    /// <summary>It vanishes.</summary>
    public void Leave(string order)
    {
        (Order, Noticed, Lost, _left) = (order, false, false, Stopwatch.GetTimestamp());
        _here = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
    }

    /// <summary>It is back as a new incarnation.</summary>
    public void Join(SiloAddress silo)
    {
        (Silo, Noticed, Order, Lost) = (silo, false, null, false);
        _here.SetResult();
    }
}
