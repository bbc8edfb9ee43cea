using Parcae.Grains;
using Parcae.Silo.Tests.Durability.Networks;
using Xunit;

namespace Parcae.Silo.Tests.Durability;

/// <summary>A service on several hosts: Redis, the control silo and each worker in a network of its own, with an address of its own and a cable that can be pulled.</summary>
[Collection(Deployment.OneAtATime)]
public sealed class SeveralHostsTests
{
    private const int Store = 0, Control = 1, FirstWorker = 2;
    private static readonly string[] Workers = ["w-1", "w-2", "w-3", "w-4"];

    // TCP tries again after twice the time that it has waited so far: what is under way arrives at the latest after twice the time of the cut, which must be less than the heartbeat's 5 s.
    private static readonly TimeSpan Moment = TimeSpan.FromSeconds(1.5);

    // Much longer than it takes to declare a silo dead (docs/hosting.md).
    private static readonly TimeSpan ForDead = TimeSpan.FromSeconds(20);

    [Fact]
    public async Task A_job_rides_out_short_cuts_goes_on_without_a_host_that_is_cut_off_takes_it_back_and_bears_a_slow_cable()
    {
        using var networks = Create();
        await using var service = await TrainingAsync(networks);
        int generation = (await service.UntilTrainingAsync("j-1", 50, Workers)).Plan!.Generation;

        await CutAsync(networks, Worker("w-4"), Moment);
        Assert.Equal(generation, (await service.UntilTrainingAsync("j-1", 50, Workers)).Plan!.Generation);

        networks.Pull(Worker("w-4"));
        await service.UntilTrainingAsync("j-1", 50, "w-1", "w-2", "w-3");
        networks.Plug(Worker("w-4"));
        generation = (await service.UntilTrainingAsync("j-1", 50, Workers)).Plan!.Generation;

        networks.Slow(Worker("w-2"), kilobits: 10_000);
        Assert.Equal(generation, (await service.UntilTrainingAsync("j-1", 20, Workers)).Plan!.Generation);
        Assert.True(networks.Hurry(Worker("w-2")) > 0, "The slow cable has held nothing up.");

        networks.Pull(Control);
        await UntilTheyHaveTalkedAsync(service, networks);
        networks.Plug(Control);
        Assert.Equal(generation, (await service.UntilTrainingAsync("j-1", 50, Workers)).Plan!.Generation);

        networks.Pull(Store);
        await service.UntilTrainingAsync("j-1", 50, Workers);
        networks.Plug(Store);
        Assert.Equal(generation, (await service.UntilTrainingAsync("j-1", 50, Workers)).Plan!.Generation);

        var history = await service.FinishAsync("j-1", TestJob.Staged);
        Assert.All(history.Generations, g => Assert.Equal(0, g.StepsReplayed));
    }

    [Fact]
    public async Task Hosts_that_are_cut_off_until_they_are_declared_dead_end_are_started_again_and_are_taken_back()
    {
        LongTests.Only();
        using var networks = Create();
        await using var service = await TrainingAsync(networks);
        await service.UntilTrainingAsync("j-1", 50, Workers);

        await CutAsync(networks, Worker("w-4"), ForDead);
        await service.UntilTrainingAsync("j-1", 50, Workers);
        Assert.Equal(1, service.Restarts("w-4"));

        // The only control silo: workers train on, its grains wake on one of them, and its state vault follows again when it is back.
        networks.Pull(Control);
        await UntilTheyHaveTalkedAsync(service, networks);
        await Task.Delay(ForDead, TestContext.Current.CancellationToken);
        await UntilTheyHaveTalkedAsync(service, networks);
        networks.Plug(Control);
        await service.UntilAsync(async () => await service.StatusAsync("j-1") is { Phase: JobPhase.Training, Plan.Vault: [{ Peer.InstanceId: "c-1" }], Vault.Lag: <= 5 }, () => "the vault follows again");

        Assert.Equal(1, service.Restarts("c-1"));

        await CutAsync(networks, Store, ForDead);
        await service.UntilTrainingAsync("j-1", 50, Workers);

        var history = await service.FinishAsync("j-1", TestJob.Staged);
        Assert.All(history.Generations, g => Assert.Equal(0, g.StepsReplayed));
    }

    [Fact]
    public async Task Cables_that_are_pulled_again_and_again_change_no_loss()
    {
        LongTests.Only();
        using var networks = Create();
        await using var service = await TrainingAsync(networks);
        await service.UntilTrainingAsync("j-1", 50, Workers);
        var random = new Random(5);
        for (int round = 0; round < 12; round++)
        {
            // Two at a time, for up to twice the heartbeat: some are ridden out, some are not.
            int[] cables = [.. Enumerable.Range(0, FirstWorker + Workers.Length).OrderBy(_ => random.Next()).Take(2)];
            var time = TimeSpan.FromSeconds(0.5 + 9.5 * random.NextDouble());
            TestContext.Current.TestOutputHelper?.WriteLine($"round {round}: cables {string.Join(" and ", cables)} for {time.TotalSeconds:0.0} s");
            await Task.WhenAll(cables.Select(cable => CutAsync(networks, cable, time)));
            await service.UntilTrainingAsync("j-1", 20, Workers);
        }

        await service.FinishAsync("j-1", TestJob.Staged);
    }

    private static SeparateNetworks Create()
    {
        var networks = SeparateNetworks.TryCreate(FirstWorker + Workers.Length, out string why);
        Assert.SkipWhen(networks is null, $"Networks of their own cannot be made here: {why}");
        return networks!;
    }

    private static int Worker(string id) => FirstWorker + Array.IndexOf(Workers, id);

    private static async Task<Deployment> TrainingAsync(SeparateNetworks networks)
    {
        var service = new Deployment(StoreKind.Redis, networks.Address(Store), networks.Into(Store));
        await service.StartStoreAsync();
        await service.StartInAsync(networks.Into(Control), "c-1", "--role", "control", "--host", networks.Address(Control), "--gateway-port", "30000", "--http-port", "0");
        await Task.WhenAll(Workers.Select(id => service.StartInAsync(networks.Into(Worker(id)), id, "--role", "worker", "--host", networks.Address(Worker(id)))));
        // Who is declared dead ends when it hears of it.
        service.Supervise(["c-1", .. Workers]);
        await service.SubmitAsync("j-1", TestJob.Staged.Spec);
        return service;
    }

    private static async Task CutAsync(SeparateNetworks networks, int network, TimeSpan time)
    {
        networks.Pull(network);
        await Task.Delay(time, TestContext.Current.CancellationToken);
        networks.Plug(network);
    }

    /// <summary>Waits until a worker has said as much as it says in some dozens of steps: signs of life alone would take hours.</summary>
    private static async Task UntilTheyHaveTalkedAsync(Deployment service, SeparateNetworks networks)
    {
        long before = networks.Said(Worker("w-1"));
        await service.UntilAsync(() => Task.FromResult(networks.Said(Worker("w-1")) > before + (4 << 20)), () => "workers train on by themselves");
    }
}
