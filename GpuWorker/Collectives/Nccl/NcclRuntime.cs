namespace Parcae.GpuWorker.Collectives.Nccl;

/// <summary>NCCL and the driver that it runs on, as this process has them.</summary>
/// <param name="Nccl">The library.</param>
/// <param name="Cuda">The driver.</param>
internal sealed record NcclRuntime(NcclLibrary Nccl, CudaDriver Cuda)
{
    private static readonly Lazy<(NcclRuntime? Runtime, string Why)> Installed = new(() =>
    {
        try
        {
            return (new NcclRuntime(NcclLibrary.Load(), CudaDriver.Load()), "");
        }
        catch (Exception e) when (e is DllNotFoundException or InvalidOperationException or NcclException)
        {
            return (null, e.Message);
        }
    });

    /// <summary>What is installed on this machine, or null and why not; looked for once.</summary>
    public static NcclRuntime? Find(out string why)
    {
        (var runtime, why) = Installed.Value;
        return runtime;
    }
}
