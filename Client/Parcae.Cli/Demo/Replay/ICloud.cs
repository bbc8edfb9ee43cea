namespace Parcae.Cli.Demo.Replay;

/// <summary>What a replay can do to instances.</summary>
internal interface ICloud
{
    /// <summary>Brings a new instance up; returns as soon as its process runs.</summary>
    void Start(string instance);

    /// <summary>Warns that an instance will be gone after <paramref name="remaining"/>.</summary>
    Task NoticeAsync(string instance, TimeSpan remaining, CancellationToken cancellation);

    /// <summary>Takes an instance away, at once.</summary>
    void Kill(string instance, bool announced);
}
