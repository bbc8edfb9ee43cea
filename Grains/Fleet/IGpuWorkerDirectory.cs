using Orleans.Runtime.Services;

namespace Parcae.Grains.Fleet;

/// <summary>The way to the GPU workers and state vaults of instances.</summary>
public interface IGpuWorkerDirectory
{
    /// <summary>The worker or vault of an instance (a silo may host one of each); calls to it fail when its silo is gone.</summary>
    IGpuWorker At(InstanceInfo instance);
}

/// <summary>Reaches the <see cref="IGpuWorkerService"/> or <see cref="IStateVaultService"/> of a given silo.</summary>
internal sealed class GpuWorkerServiceClient(IServiceProvider services) : GrainServiceClient<IGpuWorkerService>(services), IGpuWorkerDirectory
{
    private readonly StateVaultServiceClient _vaults = new(services);

    public IGpuWorker At(InstanceInfo instance) => instance.Role == InstanceRole.Vault ? _vaults.At(instance.Silo) : GetGrainService(instance.Silo);

    private sealed class StateVaultServiceClient(IServiceProvider services) : GrainServiceClient<IStateVaultService>(services)
    {
        public IGpuWorker At(SiloAddress silo) => GetGrainService(silo);
    }
}
