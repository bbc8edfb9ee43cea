using Parcae.GpuWorker.Service;
using TorchSharp;
using Xunit;

namespace Parcae.GpuWorker.Tests.Service;

public sealed class ComputeDeviceTests
{
    [Theory]
    [InlineData("auto", 0, DeviceType.CPU, -1)]
    [InlineData("cpu", 2, DeviceType.CPU, -1)]
    [InlineData("auto", 2, DeviceType.CUDA, 0)]
    [InlineData("cuda", 1, DeviceType.CUDA, 0)]
    [InlineData("cuda:1", 2, DeviceType.CUDA, 1)]
    public void A_device_is_chosen_by_its_name(string setting, int gpus, DeviceType type, int index)
    {
        var device = ComputeDevice.Choose(setting, gpus);
        Assert.Equal((type, index), (device.type, device.index));
    }

    [Theory]
    [InlineData("cuda", 0, "finds 0 GPUs")]
    [InlineData("cuda:2", 2, "finds 2 GPUs")]
    [InlineData("gpu", 1, "must be auto, cpu, cuda or cuda:N")]
    [InlineData("cuda:-1", 1, "must be auto, cpu, cuda or cuda:N")]
    public void What_is_not_there_is_refused(string setting, int gpus, string message) =>
        Assert.Contains(message, Assert.Throws<ArgumentException>(() => ComputeDevice.Choose(setting, gpus)).Message);
}
