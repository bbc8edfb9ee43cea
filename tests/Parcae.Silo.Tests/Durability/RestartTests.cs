using Parcae.Grains;
using Xunit;

namespace Parcae.Silo.Tests.Durability;

/// <summary>Processes of a service that are ended and started again while a job trains.</summary>
[Collection(Deployment.OneAtATime)]
public sealed class RestartTests
{
    [Theory]
    [InlineData(StoreKind.Redis)]
    [InlineData(StoreKind.Embedded)]
    public async Task Everything_is_killed_and_started_again_and_the_job_goes_on_by_itself(StoreKind store)
    {
        if (store == StoreKind.Embedded) LongTests.Only();
        await using var service = await TrainingAsync(store, "c-1");

        await Signals.KillAsync(service.Store, service["c-1"], service["w-1"], service["w-2"]);
        await service.StartStoreAsync();
        await service.RestartAsync("c-1", "w-1", "w-2");

        var after = await service.UntilTrainingAsync("j-1", 50, "w-1", "w-2");
        // From the checkpoint, and not from the beginning: nobody has it but the vault's disk.
        Assert.True(after.Plan!.StartStep >= 100, $"The job went on from step {after.Plan.StartStep}.");
        await service.FinishAsync("j-1");
    }

    [Fact]
    public async Task Redis_the_only_control_silo_and_both_are_killed_and_started_again_and_no_step_is_run_again()
    {
        await using var service = await TrainingAsync(StoreKind.Redis, "c-1");

        await Signals.KillAsync(service.Store);
        await service.StartStoreAsync();
        var after = await service.UntilTrainingAsync("j-1", 50, "w-1", "w-2");
        // Nobody but those who save notices.
        Assert.Equal(1, after.Plan!.Generation);

        await Signals.KillAsync(service["c-1"]);
        await service.RestartAsync("c-1");
        await service.UntilAsync(async () => await service.StatusAsync("j-1") is { Phase: JobPhase.Training, Plan.Vault: [{ Peer.InstanceId: "c-1" }], Vault.Lag: <= 5 }, () => "the new vault follows");

        await Signals.KillAsync(service.Store, service["c-1"]);
        await service.StartStoreAsync();
        await service.RestartAsync("c-1");
        await service.UntilTrainingAsync("j-1", 50, "w-1", "w-2");
        var history = await service.FinishAsync("j-1");
        Assert.All(history.Generations, g => Assert.Equal(0, g.StepsReplayed));
    }

    [Fact]
    public async Task All_silos_are_restarted_one_after_the_other_in_order_and_no_step_is_run_again()
    {
        LongTests.Only();
        string[] control = ["c-1", "c-2", "c-3"], workers = ["w-1", "w-2"];
        await using var service = await TrainingAsync(StoreKind.Redis, control);
        foreach (string id in (string[])[.. control, .. workers])
        {
            var (code, seconds) = await Signals.TerminateAsync(service[id]);
            Assert.True(code == 0, $"{id} ended with exit code {code}:{Environment.NewLine}{service.Output}");
            Assert.True(seconds < 60, $"{id} took {seconds:0.0} s to stop.");
            TestContext.Current.TestOutputHelper?.WriteLine($"{id} stopped in {seconds:0.0} s");
            await service.RestartAsync(id);
            await service.UntilTrainingAsync("j-1", 20, workers);
        }

        var history = await service.FinishAsync("j-1");
        Assert.All(history.Generations, g => Assert.Equal(0, g.StepsReplayed));
        Assert.DoesNotContain(history.Generations, g => g.Cause.Contains("without notice", StringComparison.Ordinal));
    }

    private static async Task<Deployment> TrainingAsync(StoreKind store, params string[] control)
    {
        var service = new Deployment(store);
        await service.StartStoreAsync();
        foreach (string id in control) await service.ControlAsync(id);
        await Task.WhenAll(service.WorkerAsync("w-1"), service.WorkerAsync("w-2"));
        await service.SubmitAsync("j-1");
        await service.UntilTrainingAsync("j-1", 150, "w-1", "w-2");
        return service;
    }
}
