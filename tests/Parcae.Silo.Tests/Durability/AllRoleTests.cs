using System.Net;
using Parcae.Grains;
using Xunit;

namespace Parcae.Silo.Tests.Durability;

/// <summary>One process that is control silo, state vault and worker.</summary>
[Collection(Deployment.OneAtATime)]
public sealed class AllRoleTests
{
    [Fact]
    public async Task A_job_trains_on_one_process_which_stops_in_order_and_goes_on_where_it_was()
    {
        await using var service = new Deployment(StoreKind.Embedded);
        int http = FreePorts.Next();
        await service.StartStoreAsync();
        await service.StartAsync("a-1", "--role", "all", "--gateway-port", $"{FreePorts.Next()}", "--http-port", $"{http}", "--stop-timeout", "600");
        using var client = new HttpClient { BaseAddress = new Uri($"http://127.0.0.1:{http}/health/") };
        foreach (string path in (string[])["startup", "live"]) Assert.Equal(HttpStatusCode.OK, (await client.GetAsync(path)).StatusCode);
        await service.SubmitAsync("j-1");
        await service.UntilTrainingAsync("j-1", 60, "a-1");
        Assert.Equal("Healthy: ready a-1-vault and a-1 can be given work\n", await client.GetStringAsync("ready"));
        Assert.Equal(["a-1", "a-1-vault"], (await (await service.ClientAsync()).GetFleetAsync()).Instances.Select(i => i.Info.Id));

        var (code, seconds) = await Signals.TerminateAsync(service["a-1"]);
        Assert.Equal(0, code);
        Assert.True(seconds < 300, $"It took {seconds:0.0} s.");
        await service.RestartAsync("a-1");

        var after = await service.UntilTrainingAsync("j-1", 60, "a-1");
        Assert.True(after.CommittedStep >= 120);
        var history = await service.FinishAsync("j-1");
        // The vault wrote where the job came to rest.
        Assert.All(history.Generations, g => Assert.Equal(0, g.StepsReplayed));
        Assert.Contains("checkpoint", history.Generations[^1].Source, StringComparison.Ordinal);
    }
}
