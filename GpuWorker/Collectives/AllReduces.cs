using Parcae.GpuWorker.Collectives.Nccl;
using Parcae.GpuWorker.Transport;
using Parcae.Grains;
using TorchSharp;
using static TorchSharp.torch;

namespace Parcae.GpuWorker.Collectives;

/// <summary>Chooses how the replicas of a stage sum their gradients.</summary>
internal static class AllReduces
{
    /// <summary>
    /// The all-reduce that a job asks for: the tree or, where it gives up determinism, the ring; over sockets, or over NCCL where it asks for that, or leaves it open and
    /// every replica trains on a CUDA device of its own and has the same NCCL. Every replica calls it once for a mesh, when that is connected.
    /// </summary>
    /// <param name="training">The job's training.</param>
    /// <param name="mesh">Connects the replicas.</param>
    /// <param name="replicas">Instance ids of the stage's replicas, by pipeline.</param>
    /// <param name="self">Which of them this is.</param>
    /// <param name="device">Where the gradients are.</param>
    /// <exception cref="InvalidOperationException">The job asks for NCCL, and a replica cannot use it.</exception>
    /// <exception cref="MeshBrokenException">A replica is lost or has halted.</exception>
    public static IAllReduce Create(TrainingSpec training, Mesh mesh, string[] replicas, int self, Device device)
    {
        ArgumentNullException.ThrowIfNull(training);
        ArgumentNullException.ThrowIfNull(device);
        string why = "it does not train on CUDA";
        var runtime = device.type == DeviceType.CUDA && training.Collectives != "sockets" ? NcclRuntime.Find(out why) : null;
        return Create(training, mesh, replicas, self, Math.Max(0, device.index), runtime, why);
    }

    /// <summary>As above, with what was found.</summary>
    /// <param name="training">The job's training.</param>
    /// <param name="mesh">Connects the replicas.</param>
    /// <param name="replicas">Instance ids of the stage's replicas, by pipeline.</param>
    /// <param name="self">Which of them this is.</param>
    /// <param name="device">CUDA device number.</param>
    /// <param name="runtime">NCCL, if this replica has it.</param>
    /// <param name="why">If not, why.</param>
    internal static IAllReduce Create(TrainingSpec training, Mesh mesh, string[] replicas, int self, int device, NcclRuntime? runtime, string why)
    {
        if (training.Collectives != "sockets" && replicas.Length > 1)
        {
            var own = runtime is null ? default : new NcclOffer(runtime.Nccl.Version, runtime.Cuda.Uuid(device));
            string? obstacle = NcclOffer.Obstacle(NcclOffer.Exchange(mesh, replicas, self, own), replicas);
            if (obstacle is null) return new NcclAllReduce(runtime!, mesh, replicas, self, training.MicroBatches, device, training.Deterministic);
            if (training.Collectives == "nccl")
                throw new InvalidOperationException($"The job asks for collectives over nccl, but {obstacle}{(runtime is null ? $" (here: {why})" : "")}. Set collectives to auto or sockets.");
        }

        return training.Deterministic
            ? new TreeAllReduce(mesh, replicas, self, training.MicroBatches)
            : new RingAllReduce(mesh, replicas, self, training.MicroBatches);
    }
}
