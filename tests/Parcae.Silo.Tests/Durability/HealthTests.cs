using System.Net;
using Parcae.Grains;
using Xunit;

namespace Parcae.Silo.Tests.Durability;

/// <summary>What the health endpoints of real processes say in sickness and in health.</summary>
[Collection(Deployment.OneAtATime)]
public sealed class HealthTests
{
    [Fact]
    public async Task Liveness_and_readiness_do_not_depend_on_Redis_and_a_worker_that_hangs_or_leaves_says_so()
    {
        await using var service = new Deployment(StoreKind.Redis);
        int control = FreePorts.Next(), worker = FreePorts.Next();
        await service.StartStoreAsync();
        await service.ControlAsync("c-1", "--http-port", $"{control}");
        await service.WorkerAsync("w-1", "--http-port", $"{worker}", "--faults", "true", "--stall-timeout", "3", "--stop-timeout", "600");
        foreach (int port in (int[])[control, worker])
        {
            Assert.Equal((HttpStatusCode.OK, "Healthy: startup the silo has started"), await AskAsync(port, "startup"));
            Assert.Equal((HttpStatusCode.OK, "Healthy: live alive"), await AskAsync(port, "live"));
        }

        Assert.Equal((HttpStatusCode.OK, "Healthy: ready c-1 can be given work"), await AskAsync(control, "ready"));
        Assert.Equal((HttpStatusCode.OK, "Healthy: ready w-1 can be given work"), await AskAsync(worker, "ready"));
        await service.SubmitAsync("j-1");
        await service.UntilTrainingAsync("j-1", 20, "w-1");

        Signals.Freeze(service.Store);
        await Task.Delay(TimeSpan.FromSeconds(4), TestContext.Current.CancellationToken);
        foreach (int port in (int[])[control, worker])
        {
            Assert.Equal(HttpStatusCode.OK, (await AskAsync(port, "live")).Status);
            Assert.Equal(HttpStatusCode.OK, (await AskAsync(port, "ready")).Status);
        }

        Signals.Thaw(service.Store);
        await service.UntilTrainingAsync("j-1", 20, "w-1");

        await (await service.ClientAsync()).InjectFaultAsync("w-1", new FaultOrder(FaultPoint.BeforeForward, FaultKind.Hang), TestContext.Current.CancellationToken);
        await service.UntilAsync(async () => (await AskAsync(worker, "live")).Status == HttpStatusCode.ServiceUnavailable, () => "the worker's liveness tells of its thread");
        Assert.Equal("Unhealthy: live job j-1, generation 1: training has not got on for 3 s", (await AskAsync(worker, "live")).Text);
        // Nobody waits for a stage that is the whole pipeline: the worker says it itself, and the job does without it.
        await service.UntilAsync(async () => (await (await service.ClientAsync()).GetFleetAsync()).Instances.All(i => i.Info.Id != "w-1"), () => "the worker that hangs counts as lost");
        Assert.Contains(
            await (await service.ClientAsync()).GetEventsAsync("j-1", cancellation: TestContext.Current.CancellationToken),
            e => e.Message.StartsWith("w-1 counts as lost", StringComparison.Ordinal));
        // One that was taken for lost joins anew, but not as long as it hangs.
        await service.UntilAsync(() => Task.FromResult(service.Output.Contains("Instance w-1 does not tell fleet default that it is there", StringComparison.Ordinal)), () => "the worker knows that it hangs");
        Assert.DoesNotContain((await (await service.ClientAsync()).GetFleetAsync()).Instances, i => i.Info.Id == "w-1");

        Signals.Terminate(service["w-1"]);
        await service.UntilAsync(async () => (await AskAsync(worker, "ready")).Text == "Unhealthy: ready this silo is about to leave: its process is told to stop", () => "the worker's readiness tells that it leaves");
    }

    private static async Task<(HttpStatusCode Status, string Text)> AskAsync(int port, string what)
    {
        using var client = new HttpClient();
        using var answer = await client.GetAsync(new Uri($"http://127.0.0.1:{port}/health/{what}"));
        return (answer.StatusCode, (await answer.Content.ReadAsStringAsync()).Trim());
    }
}
