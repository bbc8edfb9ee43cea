namespace Parcae.GpuWorker.Service;

/// <summary>Whether the worker of this process is needed, as far as it knows itself: what one can still ask when the control plane is away.</summary>
public interface IWorkerOccupation
{
    /// <summary>Whether it holds no job's state: it neither trains nor has layers that somebody could still want.</summary>
    bool IsIdle { get; }
}
