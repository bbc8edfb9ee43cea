using Parcae.Grains;

namespace Parcae.GpuWorker.Service;

/// <summary>An instance that this process hosts, as far as it knows itself: what one can ask without a grain, a store or another silo.</summary>
public interface IHostedInstance
{
    /// <summary>Its id.</summary>
    string InstanceId { get; }

    /// <summary>Whether it trains or keeps the state vault.</summary>
    InstanceRole Role { get; }

    /// <summary>Whether it has joined its fleet.</summary>
    bool HasJoined { get; }

    /// <summary>What of it hangs, for people: a thread that trains has not got on for <see cref="GpuWorkerOptions.StallSeconds"/>. Null: nothing does.</summary>
    string? Hang { get; }

    /// <summary>
    /// For the state vault, when its process is about to end: writes a checkpoint of each job of which it is the whole vault, where its copy is newer than the newest one. It stops following for that. Does nothing for a worker.
    /// </summary>
    /// <returns>What was written, for people.</returns>
    Task<IReadOnlyList<string>> SecureAsync();

    /// <summary>For the state vault, when its process is about to end: completes when every checkpoint that was written here is in the bucket. At once where there is none, or no bucket.</summary>
    Task SettleUploadsAsync();

    /// <summary>Checkpoints that are not in the bucket yet, and why, for people; null: all are.</summary>
    string? MissingUploads { get; }
}
