namespace Parcae.Cli.Replay.Acting;

/// <summary>What a replay can do to instances.</summary>
internal interface ICloud
{
    /// <summary>Brings an instance up. The trace's clock stands still until the task has completed.</summary>
    Task StartAsync(string instance, CancellationToken cancellation);

    /// <summary>Warns that an instance will be gone after <paramref name="remaining"/>.</summary>
    Task NoticeAsync(string instance, TimeSpan remaining, CancellationToken cancellation);

    /// <summary>Takes an instance away, at once.</summary>
    void Kill(string instance, bool announced);
}
