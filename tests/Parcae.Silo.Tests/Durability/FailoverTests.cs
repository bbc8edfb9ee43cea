using System.Diagnostics;
using System.Globalization;
using Parcae.Grains;
using Xunit;

namespace Parcae.Silo.Tests.Durability;

/// <summary>How long grains do not answer when one of three control silos is killed: PARCAE_TEST_FAILOVERS times, once where nothing is said.</summary>
[Collection(Deployment.OneAtATime)]
public sealed class FailoverTests
{
    private static readonly int Times = int.Parse(Environment.GetEnvironmentVariable("PARCAE_TEST_FAILOVERS") ?? "1", CultureInfo.InvariantCulture);

    // The promise is 5 s on a machine that is not starved; these tests share two cores with whatever else runs.
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(10);

    [Fact]
    public async Task Grains_answer_again_within_seconds_of_the_kill_of_a_control_silo_and_training_does_not_notice()
    {
        string[] control = ["c-1", "c-2", "c-3"];
        await using var service = new Deployment(StoreKind.Redis);
        await service.StartStoreAsync();
        foreach (string id in control) await service.ControlAsync(id);
        await service.WorkerAsync("w-1");
        await service.SubmitAsync("j-1", TestJob.Small.Spec with { Training = TestJob.Small.Spec.Training with { Vault = false } });
        await service.UntilTrainingAsync("j-1", 20, "w-1");
        for (int time = 0; time < Times; time++)
        {
            string victim = control[time % control.Length];
            // Placed at random over the control silos: some of them are on each.
            string[] probes = [.. Enumerable.Range(0, 60).Select(i => $"probe-{time}-{i}")];
            await Task.WhenAll(probes.Select(p => AnswersAsync(service, p)));
            int before = (await service.StatusAsync("j-1"))!.CommittedStep;

            var watch = Stopwatch.StartNew();
            await Signals.KillAsync(service[victim]);
            await Task.WhenAll(probes.Select(async p =>
            {
                while (!await AnswersAsync(service, p)) Assert.True(watch.Elapsed < Limit, $"{p} has not answered for {Limit.TotalSeconds} s.");
            }));
            TestContext.Current.TestOutputHelper?.WriteLine($"failover {time}: all grains answer {watch.Elapsed.TotalSeconds:0.00} s after the kill of {victim}");

            await service.RestartAsync(victim);
            var after = await service.UntilTrainingAsync("j-1", 1, "w-1");
            Assert.True(after.CommittedStep > before);
            Assert.Equal(1, after.Plan!.Generation);
        }

        await service.FinishAsync("j-1");
    }

    private static async Task<bool> AnswersAsync(Deployment service, string instance)
    {
        try
        {
            // An instance that never joined: its grain says so, wherever it is.
            await (await service.ClientAsync()).GetWorkerStatusAsync(instance, "j-1").WaitAsync(TimeSpan.FromMilliseconds(700));
            return false;
        }
        catch (InstanceGoneException)
        {
            return true;
        }
        catch (TimeoutException)
        {
            return false;
        }
    }
}
