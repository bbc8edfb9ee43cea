using Orleans.Runtime.Services;

namespace Parcae.Grains.Fleet;

/// <summary>The GPU workers by the silo that hosts them.</summary>
public interface IGpuWorkerDirectory
{
    /// <summary>The worker on <paramref name="silo"/>; calls to it fail when the silo is gone.</summary>
    IGpuWorker At(SiloAddress silo);
}

/// <summary>Reaches the <see cref="IGpuWorkerService"/> of a given silo.</summary>
internal sealed class GpuWorkerServiceClient(IServiceProvider services) : GrainServiceClient<IGpuWorkerService>(services), IGpuWorkerDirectory
{
    public IGpuWorker At(SiloAddress silo) => GetGrainService(silo);
}
