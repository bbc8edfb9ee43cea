using Parcae.Grains;
using Parcae.Silo.Tests.Durability.Networks;
using Xunit;

namespace Parcae.Silo.Tests.Durability;

/// <summary>A network that parts a worker from the control silo, and from nobody else.</summary>
[Collection(Deployment.OneAtATime)]
public sealed class PartitionTests
{
    // Longer than it takes to declare a silo dead, and than connections are given.
    private static readonly TimeSpan Apart = TimeSpan.FromSeconds(12);

    [Fact]
    public async Task A_worker_that_is_parted_from_the_control_silo_trains_on_nobody_is_given_up_and_its_steps_are_heard_of()
    {
        LongTests.Only();
        using var networks = SeparateNetworks.TryCreate(2, out string why);
        Assert.SkipWhen(networks is null, $"Networks of their own cannot be made here: {why}");
        await using var service = new Deployment(StoreKind.Redis, networks!.Here);
        await service.StartStoreAsync();
        await service.StartInAsync(networks.Into(0), "c-1", "--role", "control", "--host", networks.Address(0), "--gateway-port", $"{FreePorts.Next()}", "--http-port", "0");
        await service.StartInAsync(networks.Into(1), "w-1", "--role", "worker", "--host", networks.Address(1));
        await service.WorkerAsync("w-2", "--host", networks.Here);
        await service.SubmitAsync("j-1");
        var before = await service.UntilTrainingAsync("j-1", 50, "w-1", "w-2");

        // Nobody needs to ask the worker anything: neither it nor the control silo is given up, and training goes on and is heard of.
        networks.Part(0, 1);
        await Task.Delay(Apart, TestContext.Current.CancellationToken);
        var apart = await service.UntilTrainingAsync("j-1", 50, "w-1", "w-2");
        Assert.Equal(1, apart.Plan!.Generation);
        Assert.True(apart.CommittedStep > before.CommittedStep + 50);

        Assert.False(service["c-1"].HasExited || service["w-1"].HasExited);

        networks.Join(0, 1);
        // It takes commands again: the end of the job is one.
        var history = await service.FinishAsync("j-1");
        Assert.All(history.Generations, g => Assert.Equal(0, g.StepsReplayed));
    }
}
