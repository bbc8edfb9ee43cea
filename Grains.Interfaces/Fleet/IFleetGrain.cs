namespace Parcae.Grains;

/// <summary>
/// A fleet of instances, keyed by its name. Takes in joins, notices and losses, keeps them in a durable log with sequence numbers, publishes each on the
/// availability stream, and lends instances to jobs.
/// </summary>
[Alias("parcae.IFleetGrain")]
public interface IFleetGrain : IGrainWithStringKey
{
    /// <summary>An instance is ready for work. Repeats are harmless: workers say it again from time to time, as one that was taken for lost belongs to the fleet all the same.</summary>
    /// <returns>Whether it was news.</returns>
    [Alias("Join")] Task<bool> Join(InstanceInfo info);

    /// <summary>An instance will be preempted after <paramref name="remaining"/> (a span, not a time of day: clocks differ).</summary>
    /// <exception cref="KeyNotFoundException">There is no such instance.</exception>
    [Alias("Notice")] Task Notice(string instanceId, TimeSpan remaining, string reason);

    /// <summary>An instance is gone. Repeats are harmless, and so is what is said of an incarnation that another one has replaced; incarnation 0: whichever is there.</summary>
    [Alias("Lost")] Task Lost(string instanceId, string reason, int incarnation = 0);

    /// <summary>The fleet as it is now.</summary>
    [Alias("Snapshot")] Task<FleetSnapshot> Snapshot();

    /// <summary>Events after <paramref name="sequence"/>, oldest first, at most <paramref name="max"/>.</summary>
    [Alias("ReadLog")] Task<AvailabilityEvent[]> ReadLog(long sequence, int max);

    /// <summary>
    /// Says what a job can use, and lends it what is free of its share. The shares of the others may change by it: they hear so in the log, and those that hold more than their share give back what they do without.
    /// Repeats are harmless.
    /// </summary>
    [Alias("Claim")] Task<FleetLease> Claim(JobClaim claim);

    /// <summary>Takes back instances that the job does without; those that it does not hold are passed over.</summary>
    [Alias("GiveBack")] Task GiveBack(string jobId, string[] instances);

    /// <summary>Takes back everything that the job holds: it asks for nothing any more.</summary>
    [Alias("Return")] Task Return(string jobId);
}

/// <summary>
/// One instance, keyed by its id: the one place that knows where its worker is. Keeps its lifecycle durably and relays commands to the worker.
/// Commands to an instance that is gone, or never joined, fail with <see cref="InstanceGoneException"/>; those to one whose silo cannot be reached, though nobody has found it to be gone, with <see cref="InstanceUnreachableException"/>.
/// </summary>
[Alias("parcae.IInstanceGrain")]
public interface IInstanceGrain : IGrainWithStringKey, IGpuWorker
{
    /// <summary>Records where the worker is: it takes commands from now on.</summary>
    [Alias("Register")] Task Register(InstanceInfo info);

    /// <summary>Records the instance as its fleet knows it; of no account when another incarnation has registered meanwhile.</summary>
    [Alias("Update")] Task Update(InstanceRecord record);

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

/// <summary>A command that could not be brought to its instance, of which it is not known whether it is gone: it may be tried again.</summary>
[GenerateSerializer, Alias("parcae.InstanceUnreachableException")]
public sealed class InstanceUnreachableException : OrleansException
{
    /// <summary>Creates an exception without a message.</summary>
    public InstanceUnreachableException() { }

    /// <summary>Creates an exception with a message.</summary>
    public InstanceUnreachableException(string message) : base(message) { }

    /// <summary>Creates an exception with a message and a cause.</summary>
    public InstanceUnreachableException(string message, Exception innerException) : base(message, innerException) { }
}
