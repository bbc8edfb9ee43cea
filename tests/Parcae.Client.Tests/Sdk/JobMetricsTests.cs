using Parcae.Client.Tests.Fakes;
using Parcae.Grains;

namespace Parcae.Client.Tests.Sdk;

public sealed class JobMetricsTests
{
    [Fact]
    public async Task A_job_in_figures()
    {
        await using var service = new FakeJobs();
        var m = await service.GetMetricsAsync(FakeJobs.JobId, TestContext.Current.CancellationToken);
        int workers = service.Fleet.Instances.Count(i => i.Info.Role == InstanceRole.Worker);
        Assert.Equal((FakeJobs.JobId, JobPhase.Training, 126, 640L, workers), (m.JobId, m.Phase, m.CommittedStep, m.SamplesCommitted, m.Instances));
        Assert.Equal(workers * 0.918, m.UsdPerHour!.Value, 9);
        Assert.Equal(0.25 / 640 * 1e6, m.UsdPerMillionSamples!.Value, 6);
        Assert.Equal(640 / 60.0, m.MeanSamplesPerSecond, 9);
        Assert.Equal(service.Status.LastReconfiguration!.Liveput, m.Liveput);
        Assert.Equal(service.History.Generations.Length - 1, m.Reconfigurations.Values.Sum());
        Assert.False(m.Reconfigurations.ContainsKey(MigrationKind.Start));
    }

    [Fact]
    public void What_is_not_known_is_null()
    {
        var history = new JobHistory { Spec = new JobSpec(), Generations = [], Steps = [], Intervals = [], Ledger = new JobLedger() };
        var m = JobMetrics.Of(new JobStatus { JobId = "j", Phase = JobPhase.Paused }, history, new FleetSnapshot { LastSequence = 0, Instances = [], Intervals = [], IntervalLength = TimeSpan.FromMinutes(1) });
        Assert.Equal((null, null, null, null), (m.Liveput, m.UsdPerHour, m.UsdPerMillionSamples, m.MeanPauseMilliseconds));
        Assert.Equal((0, 0), (m.MeanSamplesPerSecond, m.Instances));
    }

    [Fact]
    public async Task All_jobs_of_a_fleet_come_in_the_order_of_their_list()
    {
        await using var many = new Many();
        Assert.Equal(Enumerable.Range(0, 40).Select(i => $"j{i}"), (await many.GetJobsAsync(cancellation: TestContext.Current.CancellationToken)).Select(j => j.JobId));
    }

    [Fact]
    public async Task A_job_that_cannot_be_read_hides_no_other_and_one_that_was_never_there_is_left_out()
    {
        await using var many = new Many();
        var newer = new StateTooNewException("job 'j7'", 9, 3);
        many.Trouble["j7"] = newer;
        many.Trouble["j9"] = new KeyNotFoundException("There is no job 'j9'.");
        var jobs = await many.GetJobsAsync(cancellation: TestContext.Current.CancellationToken);
        Assert.Equal(39, jobs.Count);
        Assert.DoesNotContain(jobs, j => j.JobId == "j9");
        Assert.Equal(("j7", newer.Message), (jobs.Single(j => j.Phase == JobPhase.Unknown).JobId, jobs[7].Reason));
    }

    [Fact]
    public async Task A_document_is_submitted_and_one_that_is_wrong_is_not()
    {
        await using var service = new FakeJobs();
        Assert.Equal("a", await service.SubmitDocumentAsync("name: x", jobId: "a", cancellation: TestContext.Current.CancellationToken));
        Assert.Equal("x", service.Submitted("a").Name);
        var e = await Assert.ThrowsAsync<JobSpecException>(() => service.SubmitDocumentAsync("nmae: x\nfleet: 3", cancellation: TestContext.Current.CancellationToken));
        Assert.Equal(["line 1: nmae: there is no such field; did you mean name?", "line 2: fleet: 3 is not valid; it must be a text, in quotes."], e.Problems);
    }

    [Fact]
    public void A_builder_checks_what_it_makes()
    {
        var spec = new JobSpecBuilder("first").Preset("gpt2").Model(m => m with { SequenceLength = 256 }).Data("/data/books").Training(t => t with { Steps = 10 }).Planning(p => p with { LookAhead = 5 })
            .Sharing(s => s with { Priority = 2 }).Fleet("blue").Build();
        Assert.Equal(("first", 12, 256, "/data/books", 10, 5, 2, "blue"), (spec.Name, spec.Model.Blocks, spec.Model.SequenceLength, spec.Data.Paths[0], spec.Training.Steps, spec.Planning.LookAhead, spec.Sharing.Priority, spec.Fleet));
        var e = Assert.Throws<JobSpecException>(() => new JobSpecBuilder(spec).Training(t => t with { GlobalBatch = 12, MicroBatches = 8 }).Data(d => d with { Kind = "tape" }).Build());
        Assert.Equal(["data.kind", "training.globalBatch"], e.Problems.Select(p => p.Split(':')[0]));
        Assert.Contains("There is no model 'gpt9'", Assert.Throws<ArgumentException>(() => new JobSpecBuilder("a").Preset("gpt9")).Message, StringComparison.Ordinal);
    }

    private sealed class Many : UnaskedClient
    {
        public Dictionary<string, Exception> Trouble { get; } = [];

        public override Task<string[]> ListJobsAsync(string fleet = ParcaeNames.DefaultFleet, CancellationToken cancellation = default) => Task.FromResult(Enumerable.Range(0, 40).Select(i => $"j{i}").ToArray());

        public override async Task<JobStatus> GetStatusAsync(string jobId, CancellationToken cancellation = default)
        {
            await Task.Yield();
            if (Trouble.TryGetValue(jobId, out var trouble)) throw trouble;
            return new JobStatus { JobId = jobId, Phase = JobPhase.Training };
        }
    }
}
