using Parcae.Cli.Commands;
using Parcae.Cli.Replay;
using Parcae.Client.Tests.Fakes;
using Parcae.Grains;

namespace Parcae.Client.Tests.Replay;

public sealed class ReplayPlaceTests
{
    private static readonly ReplaySource Source = new(FleetFitTests.Trace(2, 3, 1), TimeSpan.FromSeconds(10), null, []);

    [Fact]
    public async Task The_only_job_that_goes_on_and_all_workers_are_taken()
    {
        var fleet = new FakeFleet("a", "b", "c") { Jobs = { Job("old", JobPhase.Completed), Job("now", JobPhase.Training), Job("broken", JobPhase.Failed) } };
        var setting = await Find(fleet);
        Assert.Equal(("now", "a b c"), (setting.Job.JobId, string.Join(' ', setting.Fleet.Select(f => f.Info.Id))));
        Assert.Equal((2, 3), (setting.Replay.Initial.Count, setting.Replay.Counts.Count));
        Assert.Empty(fleet.Asked);
    }

    [Fact]
    public async Task No_job_or_several_or_one_that_has_ended_are_refused_plainly()
    {
        var fleet = new FakeFleet("a", "b", "c");
        Assert.Equal("Fleet 'default' has no job that goes on; submit one first, which the replay is to disturb.", await Refusal(fleet));
        fleet.Jobs.AddRange([Job("one", JobPhase.Training), Job("two", JobPhase.Paused), Job("old", JobPhase.Cancelled)]);
        Assert.Equal("Fleet 'default' has 2 jobs that go on (one, two); name the one that the report is about by --job.", await Refusal(fleet));
        Assert.Equal("--job: old is cancelled; a replay needs a job that goes on.", await Refusal(fleet, new ReplayOptions { Job = "old" }));
        Assert.Equal("two", (await Find(fleet, new ReplayOptions { Job = "two" })).Job.JobId);
        Assert.Equal("There is no job 'three'.", (await Assert.ThrowsAsync<KeyNotFoundException>(() => Find(fleet, new ReplayOptions { Job = "three" }))).Message);
    }

    [Fact]
    public async Task Every_worker_that_does_not_allow_it_is_named()
    {
        var fleet = new FakeFleet("a", "b", "c") { Jobs = { Job("now", JobPhase.Training) } };
        fleet.Refusals.Add("a", new InvalidOperationException("a takes part in no replay; start it with --allow-replay true where that is wanted."));
        fleet.Refusals.Add("c", new InstanceGoneException("Instance c is gone."));
        string[] lines = (await Refusal(fleet)).Split(Environment.NewLine);
        Assert.Equal(
            ["2 of 3 workers cannot be replayed on:", "a takes part in no replay; start it with --allow-replay true where that is wanted.", "Instance c is gone."], lines);
    }

    [Fact]
    public async Task A_fleet_without_workers_or_with_one_that_leaves_anyway_is_refused()
    {
        var fleet = new FakeFleet { Jobs = { Job("now", JobPhase.Submitted) } };
        Assert.Equal("Fleet 'default' has no worker; start some with --allow-replay true.", await Refusal(fleet));
        fleet.Join("a");
        fleet.Join("b");
        await fleet.NoticeAsync("b", TimeSpan.FromMinutes(2), "real", cancellation: TestContext.Current.CancellationToken);
        Assert.Equal("b has a notice already; a replay needs a fleet that stays by itself.", await Refusal(fleet));
    }

    private static Task<ReplaySetting> Find(FakeFleet fleet, ReplayOptions? options = null) =>
        new ReplayPlace(options ?? new ReplayOptions(), Source, fleet).FindAsync(TestContext.Current.CancellationToken);

    private static async Task<string> Refusal(FakeFleet fleet, ReplayOptions? options = null) =>
        (await Assert.ThrowsAsync<CommandFailedException>(() => Find(fleet, options))).Message;

    private static JobStatus Job(string id, JobPhase phase) => new() { JobId = id, Phase = phase };
}
