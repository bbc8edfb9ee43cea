using Microsoft.Extensions.Hosting;

namespace Parcae.Silo.Health;

/// <summary>Whether this silo is about to leave.</summary>
/// <param name="lifetime">The host's.</param>
internal sealed class HealthState(IHostApplicationLifetime lifetime)
{
    private volatile string? _leaving;

    /// <summary>Why this silo is about to leave, for people; null: it is not.</summary>
    public string? Leaving => _leaving ?? (lifetime.ApplicationStopping.IsCancellationRequested ? "its process is told to stop" : null);

    /// <summary>Notes that this silo is about to leave. The last reason counts.</summary>
    public void SetLeaving(string reason) => _leaving = reason;
}
