using System.Globalization;
using Parcae.GpuWorker.Native;
using static TorchSharp.torch;

namespace Parcae.GpuWorker.Service;

/// <summary>Chooses the device that a worker computes on, once, when it starts; a GPU is made deterministic (<see cref="CudaArithmetic"/>).</summary>
public static class ComputeDevice
{
    /// <summary>The device of a setting.</summary>
    /// <param name="setting"><c>auto</c> (the first GPU, else the CPU), <c>cpu</c>, <c>cuda</c> or <c>cuda:N</c>.</param>
    /// <exception cref="ArgumentException">The setting is none of these, or this machine or build has no such device.</exception>
    public static Device Choose(string setting)
    {
        TorchNative.EnsureLoaded();
        var device = Choose(setting, cuda.is_available() ? cuda.device_count() : 0);
        if (device.type == TorchSharp.DeviceType.CUDA) CudaArithmetic.MakeDeterministic();
        return device;
    }

    /// <summary>The device of a setting on a machine with a number of GPUs that Torch can use.</summary>
    internal static Device Choose(string setting, int gpus)
    {
        ArgumentNullException.ThrowIfNull(setting);
        if (setting == "cpu" || (setting == "auto" && gpus == 0)) return new Device(TorchSharp.DeviceType.CPU);
        int index = 0;
        if (setting is not ("auto" or "cuda") &&
            !(setting.StartsWith("cuda:", StringComparison.Ordinal) && int.TryParse(setting.AsSpan(5), NumberStyles.None, CultureInfo.InvariantCulture, out index)))
            throw new ArgumentException($"The device is '{setting}'; it must be auto, cpu, cuda or cuda:N.", nameof(setting));
        if (index >= gpus)
        {
            throw new ArgumentException(
                $"The device is '{setting}', but Torch finds {gpus} GPUs. It needs a machine with an NVIDIA driver and a build with -p:TorchBackend=cuda.", nameof(setting));
        }

        return new Device(TorchSharp.DeviceType.CUDA, index);
    }
}
