using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using Orleans.Hosting;
using Parcae.Grains;
using Parcae.Grains.Security;

namespace Parcae.GpuWorker.Service;

/// <summary>Adds the instances that train and keep state to a silo: at most one of each kind.</summary>
public static class GpuWorkerExtensions
{
    /// <summary>Hosts the GPU worker in this silo and joins the fleet when the silo is up.</summary>
    public static ISiloBuilder AddGpuWorker(this ISiloBuilder silo, Action<GpuWorkerOptions> configure)
    {
        ArgumentNullException.ThrowIfNull(silo);
        silo.Services.AddSingleton<IWorkerOccupation>(s => s.GetRequiredKeyedService<WorkerHost>(InstanceRole.Worker));
        return silo.AddInstance(InstanceRole.Worker, configure).AddGrainService<GpuWorkerService>();
    }

    /// <summary>Hosts a state vault in this silo and joins the fleet when the silo is up.</summary>
    public static ISiloBuilder AddStateVault(this ISiloBuilder silo, Action<GpuWorkerOptions> configure)
    {
        ArgumentNullException.ThrowIfNull(silo);
        return silo.AddInstance(InstanceRole.Vault, configure).AddGrainService<StateVaultService>();
    }

    private static ISiloBuilder AddInstance(this ISiloBuilder silo, InstanceRole role, Action<GpuWorkerOptions> configure)
    {
        var services = silo.Services;
        if (services.Any(s => s.IsKeyedService && s.ServiceType == typeof(WorkerHost) && Equals(s.ServiceKey, role)))
            throw new InvalidOperationException($"This silo hosts an instance of role {role} already; a silo has at most one of each role.");
        // Who asks for the options without a name is given the worker's.
        string name = role == InstanceRole.Worker ? Options.DefaultName : role.ToString();
        services.AddOptions<GpuWorkerOptions>(name).Configure(configure).Configure(o => o.Role = role)
            .Validate(o => o.InstanceId.Length > 0, "InstanceId must not be empty.")
            .Validate(o => o.TorchThreads >= 1, "TorchThreads must be at least 1.");
        services.TryAddSingleton<IJobReporter, GrainJobReporter>();
        services.AddKeyedSingleton(role, (s, _) => new WorkerHost(
            Options.Create(s.GetRequiredService<IOptionsMonitor<GpuWorkerOptions>>().Get(name)), s.GetRequiredService<IJobReporter>(), s.GetRequiredService<ILoggerFactory>(),
            s.GetService<ServiceSecret>(), s.GetService<MutualTls>()));
        services.AddSingleton<IHostedInstance>(s => s.GetRequiredKeyedService<WorkerHost>(role));
        services.AddSingleton<IHostedService>(s => ActivatorUtilities.CreateInstance<FleetRegistration>(s, s.GetRequiredKeyedService<WorkerHost>(role)));
        return silo;
    }
}
