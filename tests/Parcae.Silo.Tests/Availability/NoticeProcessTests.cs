using Parcae.Grains;
using Parcae.Silo.Tests.Availability.Fakes;
using Xunit;

namespace Parcae.Silo.Tests.Availability;

/// <summary>Notices of real worker processes, up to the fleet and the job.</summary>
public sealed class NoticeProcessTests : IAsyncLifetime
{
    private Service _service = null!;

    public async ValueTask InitializeAsync() => _service = await Service.StartAsync();

    public async ValueTask DisposeAsync()
    {
        TestContext.Current.TestOutputHelper?.WriteLine(_service.Output);
        await _service.DisposeAsync();
    }

    [Fact]
    public async Task An_interruption_by_the_metadata_service_drains_the_instance_and_its_SIGTERM_ends_it_at_once()
    {
        var imds = new FakeImds();
        await using var server = await FakeServer.StartAsync(imds.Answer);
        var worker = await _service.WorkerAsync("i-1", "--availability", "auto", "--metadata-endpoint", $"{server.Address}", "--availability-interval", "0.1");
        imds.Interruption = $$"""{"action": "terminate", "time": "{{server.Clock.AddSeconds(120):yyyy-MM-ddTHH:mm:ssZ}}"}""";
        await _service.UntilAsync(async () => (await _service.Fleet.Snapshot()).Instances.Any(i => i.Info.Id == "i-1" && i.Phase == InstancePhase.Draining), "i-1 drains");

        var (code, seconds) = await Service.TerminateAsync(worker);

        Assert.Equal(0, code);
        Assert.True(seconds < 12, $"It took {seconds:0.0} s.{Environment.NewLine}{_service.Output}");
        await _service.UntilAsync(async () => (await _service.EventsAsync("i-1")).Any(e => e.Kind == AvailabilityKind.Lost), "i-1 is lost");
        var events = await _service.EventsAsync("i-1");
        Assert.Equal([AvailabilityKind.Joined, AvailabilityKind.Noticed, AvailabilityKind.Lost], events.Select(e => e.Kind));
        Assert.Equal(("EC2 spot interruption: terminate", true), (events[1].Reason, events[2].Announced));
        Assert.InRange((events[1].Deadline!.Value - events[1].At).TotalSeconds, 60, 120);
    }

    [Fact]
    public async Task A_worker_that_is_told_to_stop_leaves_when_its_job_has_moved_on_and_no_step_is_run_again()
    {
        var leaver = await _service.WorkerAsync("i-1", "--availability", "none", "--stop-timeout", "50");
        await _service.WorkerAsync("i-2", "--availability", "none");
        string text = Path.Combine(Directory.CreateTempSubdirectory("parcae-text-").FullName, "text.txt");
        await File.WriteAllTextAsync(text, string.Concat(Enumerable.Range(0, 4000).Select(i => $"The {i} brown foxes jump over {i * 7 % 101} lazy dogs.\n")));
        var job = _service.Grains.GetGrain<IJobGrain>("j-1");
        await job.Submit(new JobSpec
        {
            Model = new ModelSpec { Blocks = 4, Hidden = 32, Heads = 2, SequenceLength = 32 },
            Data = new DataSpec { Paths = [text] },
            Training = new TrainingSpec { GlobalBatch = 8, MicroBatches = 4, Seed = 5 },
            // Slow machines by estimate: the planner uses both, whatever else this one does.
            Planning = new PlanningSpec { FlopsPerSecond = 1e9, LinkBytesPerSecond = 10e9, LayerTimes = "estimated" },
        });
        await _service.UntilAsync(async () => await job.Status() is { Phase: JobPhase.Training, CommittedStep: > 3, Plan: { } plan } && plan.Of("i-1") is not null && plan.Of("i-2") is not null, "both train");

        var (code, seconds) = await Service.TerminateAsync(leaver);

        // It is the job's own move that ends the wait, long before the time is over.
        Assert.Equal(0, code);
        Assert.True(seconds < 40, $"It took {seconds:0.0} s.{Environment.NewLine}{_service.Output}");
        var events = await _service.EventsAsync("i-1");
        Assert.Equal([AvailabilityKind.Joined, AvailabilityKind.Noticed], events.Take(2).Select(e => e.Kind));
        Assert.Equal("its process is told to stop", events[1].Reason);
        await _service.UntilAsync(async () => (await _service.EventsAsync("i-1")).Any(e => e is { Kind: AvailabilityKind.Lost, Announced: true }), "the announced loss is known");

        int left = (await job.Status()).CommittedStep;
        await _service.UntilAsync(async () => (await job.Status()).CommittedStep > left + 3, "the other trains on");
        var history = await job.History(0);
        Assert.All(history.Generations, g => Assert.Equal(0, g.StepsReplayed));
        Assert.Contains(history.Generations, g => g.Cause == "i-1 leaves (notice)");
        Assert.DoesNotContain(history.Generations, g => g.Cause.Contains("lost", StringComparison.Ordinal));
        Assert.Equal((0, 0), (history.Ledger.SamplesLost, history.Ledger.SamplesRepeated));
        await job.Cancel();
    }
}
