using Microsoft.Extensions.Diagnostics.HealthChecks;
using Orleans.Runtime;
using Parcae.Grains;

namespace Parcae.Silo.Health;

/// <summary>Healthy when this silo is active and the fleet grain answers.</summary>
internal sealed class ClusterHealthCheck(ISiloStatusOracle oracle, IGrainFactory grains) : IHealthCheck
{
    public async Task<HealthCheckResult> CheckHealthAsync(HealthCheckContext context, CancellationToken cancellationToken = default)
    {
        if (oracle.CurrentStatus != SiloStatus.Active) return HealthCheckResult.Unhealthy($"this silo is {oracle.CurrentStatus}");
        try
        {
            var fleet = await grains.GetGrain<IFleetGrain>(ParcaeNames.DefaultFleet).Snapshot().WaitAsync(TimeSpan.FromSeconds(3), cancellationToken);
            int silos = oracle.GetApproximateSiloStatuses(onlyActive: true).Count;
            return HealthCheckResult.Healthy($"{silos} silos active, {fleet.Instances.Count(i => i.Info.Role == InstanceRole.Worker)} worker instances");
        }
        catch (Exception e) when (e is TimeoutException or OrleansException)
        {
            return HealthCheckResult.Unhealthy($"the fleet grain does not answer: {e.Message}");
        }
    }
}
