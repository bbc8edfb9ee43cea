using System.Text.Json;

using Microsoft.Extensions.Time.Testing;

using Parcae.Cli.Chaos;
using Parcae.Cli.Commands;
using Parcae.Client.Tests.Fakes;
using Parcae.Grains;

namespace Parcae.Client.Tests.Chaos;

public sealed class ChaosCommandTests
{
    private static readonly TimeSpan Look = TimeSpan.FromMilliseconds(100);

    [Fact]
    public async Task The_json_document_keeps_its_contract()
    {
        var service = new FakeService { NeverPassed = { FaultPoint.MidSwitch }, Ledger = new JobLedger { SamplesCommitted = 160, StepsReplayed = 2 } };
        var run = await RunAsync(service, 2, [FaultPoint.VaultApply, FaultPoint.MidSwitch], [FaultKind.CutConnection], json: true);

        Assert.Equal(0, run.Code);
        var document = JsonSerializer.Deserialize<JsonElement>(run.Output);
        string steps = $"{document.GetProperty("ledger").GetProperty("stepsCommitted").GetInt32()}";
        string golden = $$$"""
            {"jobId":"j","seed":9,"ordered":2,"struck":1,"faults":[
            {"number":1,"instance":"vault","point":"vault-apply","kind":"cut-connection","outcome":"struck","secondsToNextStep":0,"generationBefore":4,"generationAfter":5},
            {"number":2,"instance":"a","point":"mid-switch","kind":"cut-connection","outcome":"not reached","secondsToNextStep":null,"generationBefore":5,"generationAfter":5}],
            "stopped":null,"ledger":{"stepsCommitted":{{{steps}}},"samplesCommitted":160,"samplesLost":0,"samplesRepeated":0,"stepsReplayed":2,"mismatches":0}}
            """;
        Assert.Equal(JsonSerializer.Serialize(JsonSerializer.Deserialize<JsonElement>(golden)), JsonSerializer.Serialize(document));
        // A fault that was not reached must not strike later.
        Assert.Contains(service.Orders, o => o.Order is null);
        Assert.Contains("fault 2 of 2", run.Error);
    }

    [Fact]
    public async Task A_worker_that_is_killed_counts_as_struck_and_nobody_with_a_notice_is_chosen()
    {
        var service = new FakeService();
        var run = await RunAsync(service, 2, [FaultPoint.BeforeForward], [FaultKind.Kill]);

        Assert.Equal(0, run.Code);
        Assert.Contains("2 of 2 faults struck", run.Output);
        Assert.Equal(["a", "b"], service.Orders.Select(o => o.Instance).Order());
    }

    [Fact]
    public async Task A_pause_for_lack_of_instances_ends_the_run_with_its_reason()
    {
        var run = await RunAsync(new FakeService { Least = 3 }, 5, [FaultPoint.BeforeForward], [FaultKind.Kill]);

        Assert.Equal(1, run.Code);
        Assert.Contains("stopped after 1 of 5 faults: the job is paused: too few instances; start instances, then go on with another seed.", run.Error);
        Assert.Contains("1 of 1 faults struck", run.Output);
    }

    [Theory]
    [InlineData(16, 0, 0, "16 samples were lost")]
    [InlineData(0, 16, 0, "16 samples were trained on twice")]
    [InlineData(0, 0, 2, "2 steps were different when run again")]
    public async Task What_was_lost_or_repeated_fails_the_command(long lost, long repeated, int mismatches, string text)
    {
        var ledger = new JobLedger { SamplesLost = lost, SamplesRepeated = repeated, ReplayMismatches = mismatches };
        var run = await RunAsync(new FakeService { Ledger = ledger }, 1, [FaultPoint.MidAllReduce], [FaultKind.SlowLink], json: true);

        Assert.Equal(1, run.Code);
        Assert.Contains($"parcae: FAILED: {text}", run.Error);
    }

    [Fact]
    public async Task Where_faults_are_off_the_service_says_how_they_are_switched_on()
    {
        var refused = await Assert.ThrowsAsync<CommandFailedException>(() => RunAsync(new FakeService { TakesFaults = false }, 1, [FaultPoint.MidAllReduce], [FaultKind.Kill]));

        Assert.Contains("takes no faults; start it with --faults true where that is wanted.", refused.Message);
    }

    /// <summary>A whole document.</summary>
    internal static async Task<string> DocumentAsync()
    {
        var service = new FakeService { NeverPassed = { FaultPoint.MidSwitch }, Ledger = new JobLedger { SamplesCommitted = 160, StepsReplayed = 2 } };
        return (await RunAsync(service, 2, [FaultPoint.VaultApply, FaultPoint.MidSwitch], [FaultKind.CutConnection], json: true)).Output;
    }

    private static async Task<CommandRun> RunAsync(FakeService service, int faults, FaultPoint[] points, FaultKind[] kinds, bool json = false)
    {
        var time = new FakeTimeProvider();
        using var output = new StringWriter();
        using var error = new StringWriter();
        var setting = new ChaosSetting { Faults = faults, Every = Look, Patience = TimeSpan.FromSeconds(1) };
        var run = ChaosCommand.RunAsync(
            service, FakeService.JobId, 9, new FaultDraws(9, points, kinds), setting, new CommandContext(output, error, false), json, time, TestContext.Current.CancellationToken);
        while (!run.IsCompleted)
        {
            time.Advance(Look);
            await Task.Yield();
        }

        return new CommandRun(await run, output.ToString(), error.ToString());
    }
}
