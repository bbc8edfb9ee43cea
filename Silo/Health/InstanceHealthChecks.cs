using Microsoft.Extensions.Diagnostics.HealthChecks;
using Orleans.Runtime;
using Parcae.GpuWorker.Service;

namespace Parcae.Silo.Health;

/// <summary>Healthy once the silo has become a member of its cluster.</summary>
internal sealed class StartupCheck(ISiloStatusOracle oracle) : IHealthCheck
{
    public Task<HealthCheckResult> CheckHealthAsync(HealthCheckContext context, CancellationToken cancellationToken = default) => Task.FromResult(oracle.CurrentStatus < SiloStatus.Active
        ? HealthCheckResult.Unhealthy($"this silo is {oracle.CurrentStatus}")
        : HealthCheckResult.Healthy("the silo has started"));
}

/// <summary>
/// Healthy while this silo can be given work: it is a member, its instances have joined the fleet, and it is not about to leave. Asks nobody else: taking silos out of service because the store is away would help nobody, and would
/// take away those who can still answer.
/// </summary>
internal sealed class ReadyCheck(ISiloStatusOracle oracle, IEnumerable<IHostedInstance> instances, HealthState state) : IHealthCheck
{
    public Task<HealthCheckResult> CheckHealthAsync(HealthCheckContext context, CancellationToken cancellationToken = default)
    {
        if (oracle.CurrentStatus != SiloStatus.Active) return Unready($"this silo is {oracle.CurrentStatus}");
        if (state.Leaving is { } why) return Unready($"this silo is about to leave: {why}");
        if (instances.FirstOrDefault(i => !i.HasJoined) is { } missing) return Unready($"{missing.InstanceId} has not joined its fleet yet");
        return Task.FromResult(HealthCheckResult.Healthy($"{string.Join(" and ", instances.Select(i => i.InstanceId))} can be given work"));
    }

    private static Task<HealthCheckResult> Unready(string why) => Task.FromResult(HealthCheckResult.Unhealthy(why));
}

/// <summary>
/// Healthy while this process is good for anything: its thread pool, which runs the grains too, takes work, no training thread hangs, and the cluster has not expelled the silo. Neither the store nor another silo has a say:
/// a restart would not mend them.
/// </summary>
internal sealed class LiveCheck(ISiloStatusOracle oracle, IEnumerable<IHostedInstance> instances, TimeProvider time) : IHealthCheck
{
    /// <summary>How long work may wait in the thread pool.</summary>
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(5);

    public async Task<HealthCheckResult> CheckHealthAsync(HealthCheckContext context, CancellationToken cancellationToken = default)
    {
        if (oracle.CurrentStatus == SiloStatus.Dead) return HealthCheckResult.Unhealthy("the cluster has declared this silo dead");
        if (instances.Select(i => i.Hang).FirstOrDefault(h => h is not null) is { } hang) return HealthCheckResult.Unhealthy(hang);
        try
        {
            await Task.Run(static () => { }, cancellationToken).WaitAsync(Patience, time, cancellationToken);
            return HealthCheckResult.Healthy("alive");
        }
        catch (TimeoutException)
        {
            return HealthCheckResult.Unhealthy($"the thread pool has taken no work for {Patience.TotalSeconds:0} s");
        }
    }
}
