using Microsoft.Extensions.DependencyInjection;
using Orleans.Hosting;
using Parcae.Grains;

namespace Parcae.GpuWorker.Service;

/// <summary>Adds the GPU worker to a silo.</summary>
public static class GpuWorkerExtensions
{
    /// <summary>Hosts the GPU worker (or, by <see cref="GpuWorkerOptions.Role"/>, the state vault) in this silo and joins the fleet when the silo is up.</summary>
    public static ISiloBuilder AddGpuWorker(this ISiloBuilder silo, Action<GpuWorkerOptions> configure)
    {
        silo.Services.AddOptions<GpuWorkerOptions>().Configure(configure)
            .Validate(o => o.InstanceId.Length > 0, "InstanceId must not be empty.")
            .Validate(o => o.TorchThreads >= 1, "TorchThreads must be at least 1.");
        silo.Services.AddSingleton<IJobReporter, GrainJobReporter>();
        silo.Services.AddSingleton<WorkerHost>();
        silo.Services.AddSingleton<IWorkerOccupation>(s => s.GetRequiredService<WorkerHost>());
        silo.AddGrainService<GpuWorkerService>();
        silo.Services.AddHostedService<FleetRegistration>();
        return silo;
    }
}
