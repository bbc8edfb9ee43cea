namespace Parcae.Grains;

/// <summary>
/// A fleet of instances, keyed by its name. Takes in joins, notices and losses, keeps them in a durable log with sequence numbers, publishes each on the
/// availability stream, and lends instances to jobs.
/// </summary>
[Alias("parcae.IFleetGrain")]
public interface IFleetGrain : IGrainWithStringKey
{
    /// <summary>An instance is ready for work. Repeats are harmless.</summary>
    [Alias("Join")] Task Join(InstanceInfo info);

    /// <summary>An instance will be preempted after <paramref name="remaining"/> (a span, not a time of day: clocks differ).</summary>
    /// <exception cref="KeyNotFoundException">There is no such instance.</exception>
    [Alias("Notice")] Task Notice(string instanceId, TimeSpan remaining, string reason);

    /// <summary>An instance is gone. Repeats are harmless.</summary>
    [Alias("Lost")] Task Lost(string instanceId, string reason);

    /// <summary>The fleet as it is now.</summary>
    [Alias("Snapshot")] Task<FleetSnapshot> Snapshot();

    /// <summary>Events after <paramref name="sequence"/>, oldest first, at most <paramref name="max"/>.</summary>
    [Alias("ReadLog")] Task<AvailabilityEvent[]> ReadLog(long sequence, int max);

    /// <summary>Lends every free usable worker instance to the job until it holds <paramref name="max"/>, and any vault; returns all that it holds now.</summary>
    [Alias("Borrow")] Task<InstanceRecord[]> Borrow(string jobId, int max);

    /// <summary>Takes back everything that the job holds.</summary>
    [Alias("Return")] Task Return(string jobId);
}

/// <summary>
/// One instance, keyed by its id: the one place that knows where its worker is. Keeps its lifecycle durably and relays commands to the worker.
/// Commands to an instance that is gone, or never joined, fail with <see cref="InstanceGoneException"/>.
/// </summary>
[Alias("parcae.IInstanceGrain")]
public interface IInstanceGrain : IGrainWithStringKey, IGpuWorker
{
    /// <summary>Records where the worker is.</summary>
    [Alias("Register")] Task Register(InstanceInfo info);

    /// <summary>Records the instance's phase, job and deadline.</summary>
    [Alias("Update")] Task Update(InstancePhase phase, string? jobId, DateTimeOffset? deadline);

    /// <summary>The instance as recorded, or null when it never joined.</summary>
    [Alias("Get")] Task<InstanceRecord?> Get();
}

/// <summary>A command to an instance that is gone or never joined.</summary>
[GenerateSerializer, Alias("parcae.InstanceGoneException")]
public sealed class InstanceGoneException : Exception
{
    /// <summary>Creates an exception without a message.</summary>
    public InstanceGoneException() { }

    /// <summary>Creates an exception with a message.</summary>
    public InstanceGoneException(string message) : base(message) { }

    /// <summary>Creates an exception with a message and a cause.</summary>
    public InstanceGoneException(string message, Exception innerException) : base(message, innerException) { }
}
