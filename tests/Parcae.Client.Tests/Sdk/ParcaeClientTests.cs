using Microsoft.Extensions.Time.Testing;

using Orleans.Runtime;

using Parcae.Client.Tests.Fakes;
using Parcae.Grains;

namespace Parcae.Client.Tests.Sdk;

public sealed class ParcaeClientTests
{
    private static readonly FakeTimeProvider Time = new() { AutoAdvanceAmount = TimeSpan.FromMilliseconds(10) };

    [Fact]
    public async Task A_spec_with_problems_is_refused_before_any_call_and_names_all_of_them()
    {
        var job = new ScriptedJob(new object());
        await using var client = Client(job);
        var spec = new JobSpec { Model = new ModelSpec { Heads = 3 }, Training = new TrainingSpec { Steps = 0 } };
        var failure = await Assert.ThrowsAsync<JobSpecException>(() => client.SubmitAsync(spec, cancellation: TestContext.Current.CancellationToken));
        Assert.Equal(2, failure.Problems.Count);
        Assert.Contains("model.heads: 3 is not valid; it must be a divisor of model.hidden (128).", failure.Message);
        Assert.Empty(job.Calls);
    }

    [Fact]
    public async Task A_job_without_an_id_gets_a_fresh_one_from_its_name()
    {
        await using var client = Client(new ScriptedJob(new object()));
        string id = await client.SubmitAsync(new JobSpec { Name = "mine" }, cancellation: TestContext.Current.CancellationToken);
        Assert.Matches("^mine-[0-9a-f]{8}$", id);
        Assert.Equal("given", await client.SubmitAsync(new JobSpec(), "given", TestContext.Current.CancellationToken));
    }

    [Fact]
    public async Task A_call_is_repeated_while_the_service_cannot_be_reached()
    {
        var job = new ScriptedJob(new SiloUnavailableException("gone"), new TimeoutException("late"), new object());
        await using var client = Client(job, TimeProvider.System);
        await client.PauseAsync("j", TestContext.Current.CancellationToken);
        Assert.Equal(["pause", "pause", "pause"], job.Calls);
    }

    [Fact]
    public async Task What_a_grain_says_on_purpose_is_not_repeated()
    {
        var job = new ScriptedJob(new ArgumentException("the job exists with another spec"));
        await using var client = Client(job);
        await Assert.ThrowsAsync<ArgumentException>(() => client.SubmitAsync(new JobSpec(), "j", TestContext.Current.CancellationToken));
        Assert.Single(job.Calls);
    }

    [Fact]
    public async Task Patience_ends_with_what_was_seen_last()
    {
        var (factory, grains) = FakeGrains.Create();
        grains.Add<IJobGrain>(new ScriptedJob(new SiloUnavailableException("no gateway left")));
        await using var client = new ParcaeClient(factory, new ParcaeClientOptions { RetryFor = TimeSpan.FromMilliseconds(250) });
        var failure = await Assert.ThrowsAsync<ParcaeUnavailableException>(() => client.ResumeAsync("j", TestContext.Current.CancellationToken));
        Assert.Contains("did not answer 'resume' within 0.3 s", failure.Message);
        Assert.Contains("no gateway left", failure.Message);
    }

    [Fact]
    public async Task Watching_survives_lost_connections_and_tells_every_event_once()
    {
        var job = new ScriptedJob(Status(1), new SiloUnavailableException("gone"), new TimeoutException("late"), Status(2), Status(3, JobPhase.Completed));
        job.Log.Add(new JobEvent(1, DateTimeOffset.UnixEpoch, "one"));
        job.Log.Add(new JobEvent(2, DateTimeOffset.UnixEpoch, "two"));
        var interruptions = new List<Exception>();
        await using var client = Client(job, TimeProvider.System);
        var updates = new List<JobUpdate>();
        var options = new WatchOptions { Every = TimeSpan.FromMilliseconds(1), Interrupted = interruptions.Add };
        await foreach (var update in client.WatchAsync("j", options, TestContext.Current.CancellationToken))
        {
            updates.Add(update);
            if (updates.Count == 2) job.Log.Add(new JobEvent(3, DateTimeOffset.UnixEpoch, "three"));
        }

        Assert.Equal([1, 2, 3], updates.Select(u => u.Status.CommittedStep));
        Assert.Equal(["one", "two", "three"], updates.SelectMany(u => u.Events).Select(e => e.Message));
        Assert.Equal(2, interruptions.Count);
        Assert.True(updates[^1].IsFinal);
        Assert.DoesNotContain(job.Calls, c => c.StartsWith("history", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Steps_that_are_run_again_are_told_again()
    {
        var job = new ScriptedJob(Status(3), Status(2), Status(3, JobPhase.Completed)) { Steps = [Step(0), Step(1), Step(2)] };
        await using var client = Client(job, TimeProvider.System);
        var told = new List<int[]>();
        await foreach (var update in client.WatchAsync("j", new WatchOptions { Every = TimeSpan.FromMilliseconds(1), Steps = true }, TestContext.Current.CancellationToken))
            told.Add([.. update.Steps.Select(s => s.Step)]);
        Assert.Equal(["history 0", "history 2", "history 3"], job.Calls);
        Assert.Equal([[0, 1, 2], [2], []], told);
    }

    [Fact]
    public async Task Watching_passes_on_what_a_grain_says_on_purpose()
    {
        await using var client = Client(new ScriptedJob(new KeyNotFoundException("no such job")));
        await Assert.ThrowsAsync<KeyNotFoundException>(async () =>
        {
            await foreach (var _ in client.WatchAsync("j", cancellation: TestContext.Current.CancellationToken)) { }
        });
    }

    [Fact]
    public async Task A_closed_client_says_so()
    {
        var client = Client(new ScriptedJob(new object()));
        await client.DisposeAsync();
        await Assert.ThrowsAsync<ObjectDisposedException>(() => client.PauseAsync("j", TestContext.Current.CancellationToken));
    }

    [Fact]
    public async Task A_redis_address_that_is_none_is_named()
    {
        var failure = await Assert.ThrowsAsync<ArgumentException>(() =>
            ParcaeClient.ConnectAsync(new ParcaeClientOptions { Redis = "host:1,notAnOption=3" }, TestContext.Current.CancellationToken));
        Assert.Contains("'host:1,notAnOption=3' is not a Redis address", failure.Message);
        Assert.Contains("it must be host:port, like 127.0.0.1:6379", failure.Message, StringComparison.OrdinalIgnoreCase);
    }

    private static ParcaeClient Client(IJobGrain job, TimeProvider? time = null)
    {
        var (factory, grains) = FakeGrains.Create();
        grains.Add(job);
        return new ParcaeClient(factory, new ParcaeClientOptions { TimeProvider = time ?? Time });
    }

    private static JobStatus Status(int step, JobPhase phase = JobPhase.Training) => new() { JobId = "j", Phase = phase, CommittedStep = step };

    private static StepResult Step(int step) => new(step, 5, 1, 1, 16, 0.1);
}
