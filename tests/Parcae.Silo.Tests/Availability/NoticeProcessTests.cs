using System.Diagnostics;
using Parcae.Grains;
using Parcae.Silo.Tests.Availability.Fakes;
using Xunit;

namespace Parcae.Silo.Tests.Availability;

/// <summary>Notices of real worker processes, up to the fleet and the job.</summary>
public sealed class NoticeProcessTests(Service service) : IClassFixture<Service>, IDisposable
{
    public void Dispose() => TestContext.Current.TestOutputHelper?.WriteLine(service.Output);

    [Fact]
    public async Task An_interruption_by_the_metadataservice_drains_the_instance_and_its_SIGTERM_ends_it_at_once()
    {
        var imds = new FakeImds();
        await using var server = await FakeServer.StartAsync(imds.Answer);
        var worker = await service.WorkerAsync("i-1", "--availability", "auto", "--metadata-endpoint", $"{server.Address}", "--availability-interval", "0.1");
        imds.Interruption = $$"""{"action": "terminate", "time": "{{server.Clock.AddSeconds(120):yyyy-MM-ddTHH:mm:ssZ}}"}""";
        await service.UntilAsync(async () => (await service.Fleet.Snapshot()).Instances.Any(i => i.Info.Id == "i-1" && i.Phase == InstancePhase.Draining), "i-1 drains");

        var (code, seconds) = await Signals.TerminateAsync(worker);

        Assert.Equal(0, code);
        Assert.True(seconds < 60, $"It took {seconds:0.0} s.{Environment.NewLine}{service.Output}");
        await service.UntilAsync(async () => (await service.EventsAsync("i-1")).Any(e => e.Kind == AvailabilityKind.Lost), "i-1 is lost");
        var events = await service.EventsAsync("i-1");
        Assert.Equal([AvailabilityKind.Joined, AvailabilityKind.Noticed, AvailabilityKind.Lost], events.Select(e => e.Kind));
        Assert.Equal(("EC2 spot interruption: terminate", true), (events[1].Reason, events[2].Announced));
        Assert.InRange((events[1].Deadline!.Value - events[1].At).TotalSeconds, 60, 120);
    }

    [Fact]
    public async Task A_worker_that_is_told_to_stop_leaves_when_its_job_has_moved_on_the_last_one_when_the_vault_has_everything_and_no_step_is_run_again()
    {
        var first = await service.WorkerAsync("w-1", "--availability", "none", "--stop-timeout", "600");
        var second = await service.WorkerAsync("w-2", "--availability", "none", "--stop-timeout", "600");
        var job = await SubmitAsync("j-1", vault: true);
        await UntilTrainingAsync(job, "w-1", "w-2");

        await AssertLeavesAsync(first, "w-1");
        await UntilTrainingAsync(job, "w-2");

        await AssertLeavesAsync(second, "w-2");
        Assert.Equal(JobPhase.Paused, (await job.Status()).Phase);
        int rested = (await job.Status()).CommittedStep;

        var third = await service.WorkerAsync("w-3", "--availability", "none");
        await UntilTrainingAsync(job, "w-3");
        var history = await job.History(0);
        Assert.All(history.Generations, g => Assert.Equal(0, g.StepsReplayed));
        Assert.Equal(rested, history.Generations[^1].AtStep);
        Assert.Equal((0, 0), (history.Ledger.SamplesLost, history.Ledger.SamplesRepeated));
        Assert.Contains(history.Generations, g => g.Cause == "w-1 leaves (notice)");
        Assert.DoesNotContain(history.Generations, g => g.Cause.Contains("without notice", StringComparison.Ordinal));
        await EndAsync(job, third, "w-3");
    }

    [Fact]
    public async Task A_worker_that_alone_has_the_state_stays_until_a_newcomer_has_it()
    {
        var only = await service.WorkerAsync("v-1", "--availability", "none", "--stop-timeout", "600");
        var job = await SubmitAsync("j-2", vault: false);
        await UntilTrainingAsync(job, "v-1");

        Signals.Terminate(only);
        await service.UntilAsync(() => Task.FromResult(service.Output.Contains("still needed by job j-2 (Paused", StringComparison.Ordinal)), "v-1 waits");
        var newcomer = await service.WorkerAsync("v-2", "--availability", "none");
        await UntilTrainingAsync(job, "v-2");
        await only.WaitForExitAsync().WaitAsync(Patience.Long);

        Assert.Equal(0, only.ExitCode);
        Assert.All((await job.History(0)).Generations, g => Assert.Equal(0, g.StepsReplayed));
        await EndAsync(job, newcomer, "v-2");
    }

    [Fact]
    public async Task A_second_signal_ends_the_wait()
    {
        var only = await service.WorkerAsync("u-1", "--availability", "none", "--stop-timeout", "600");
        var job = await SubmitAsync("j-3", vault: false);
        await UntilTrainingAsync(job, "u-1");

        Signals.Terminate(only);
        await service.UntilAsync(() => Task.FromResult(service.Output.Contains("still needed by job j-3 (Paused", StringComparison.Ordinal)), "u-1 waits");
        var (code, seconds) = await Signals.TerminateAsync(only);

        Assert.Equal(0, code);
        Assert.True(seconds < 300, $"It took {seconds:0.0} s.");
        Assert.Contains("though it was still needed", service.Output, StringComparison.Ordinal);
        await EndAsync(job, only, "u-1");
    }

    private async Task<IJobGrain> SubmitAsync(string id, bool vault)
    {
        var job = service.Grains.GetGrain<IJobGrain>(id);
        await job.Submit(new JobSpec
        {
            Model = new ModelSpec { Blocks = 4, Hidden = 32, Heads = 2, SequenceLength = 32 },
            Data = new DataSpec { Kind = "synthetic" },
            Training = new TrainingSpec { GlobalBatch = 8, MicroBatches = 4, Seed = 5, Vault = vault },
            // Slow machines by estimate: the planner uses both, whatever else this one does.
            Planning = new PlanningSpec { FlopsPerSecond = 1e9, LinkBytesPerSecond = 10e9, LayerTimes = "estimated" },
        });
        return job;
    }

    /// <summary>Leaves the service to the next test as it was: without the job and the worker.</summary>
    private async Task EndAsync(IJobGrain job, Process worker, string id)
    {
        await job.Cancel();
        if (!worker.HasExited) worker.Kill();
        await service.UntilAsync(async () => (await service.EventsAsync(id)).Any(e => e.Kind == AvailabilityKind.Lost), $"{id} is lost");
    }

    private Task UntilTrainingAsync(IJobGrain job, params string[] members)
    {
        int? begun = null;
        return service.UntilAsync(
            async () => await job.Status() is { Phase: JobPhase.Training, Plan: { } plan } status && members.All(m => plan.Of(m) is not null) && status.CommittedStep > (begun ??= status.CommittedStep) + 3,
            $"{string.Join(" and ", members)} train");
    }

    private async Task AssertLeavesAsync(Process worker, string id)
    {
        var (code, seconds) = await Signals.TerminateAsync(worker);
        Assert.Equal(0, code);
        // It is the job's own move that ends the wait, long before the ten minutes are over.
        Assert.True(seconds < 300, $"It took {seconds:0.0} s.");
        await service.UntilAsync(async () => (await service.EventsAsync(id)).Any(e => e.Kind == AvailabilityKind.Lost), $"{id} is lost");
        var events = await service.EventsAsync(id);
        Assert.Equal([AvailabilityKind.Joined, AvailabilityKind.Noticed, AvailabilityKind.Lost], events.Select(e => e.Kind));
        Assert.Equal(("its process is told to stop", true), (events[1].Reason, events[2].Announced));
    }
}
