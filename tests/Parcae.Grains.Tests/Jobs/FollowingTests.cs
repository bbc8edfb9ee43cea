using Parcae.Grains.Jobs.Following;
using Parcae.Grains.Tests.Silos;
using Parcae.Grains.Tests.Support;
using Parcae.Liveput;

namespace Parcae.Grains.Tests.Jobs;

public sealed class FollowingTests(ParcaeCluster cluster)
{
    private const string Table = "2:1x2 4:2x2";

    [Fact]
    public async Task A_job_runs_the_plans_strategy_of_the_interval_and_plans_by_itself_again_when_told()
    {
        var world = await cluster.Training(Table, vault: false, "1", "2", "3", "4");

        await world.Job.Follow(Plan("p", TimeSpan.Zero, (1, 2), (2, 2)));
        var record = await world.Trains(g => g.Pipelines == 1);
        Assert.Equal((1, 2, "interval 0 of the plan: 1 x 2"), (record.Pipelines, record.Depth, record.Cause));

        await world.Job.Follow(null);
        record = await world.Trains(g => g.Pipelines == 2);
        Assert.Equal("interval: 2 x 2 promises more than 1 x 2", record.Cause);
        Assert.Null((await Following(world, s => s is null))?.Plan);
    }

    [Fact]
    public async Task Intervals_turn_by_the_clock_and_a_pause_of_the_plan_is_a_pause_of_the_job()
    {
        var world = await cluster.Training(Table, vault: false, "1", "2", "3", "4");

        await world.Job.Follow(Plan("p", TimeSpan.Zero, TimeSpan.FromSeconds(1.5), (1, 2), (0, 0), (2, 2)));

        await world.Trains(g => g.Pipelines == 1);
        await world.Pauses(reason => reason == "interval 1 of the plan that it follows is a pause");
        var record = await world.Trains(g => g.Pipelines == 2);
        Assert.Equal(MigrationKind.Resume, record.Kind);
    }

    [Fact]
    public async Task The_plan_is_entered_where_it_has_come_to_and_a_repeat_changes_nothing_but_its_lease()
    {
        var world = await cluster.Training(Table, vault: false, "1", "2", "3", "4");

        await world.Job.Follow(Plan("p", TimeSpan.FromHours(1), (2, 2), (1, 2), (2, 2)));
        await world.Trains(g => g.Pipelines == 1);
        var first = await Following(world, s => s is not null);

        await world.Job.Follow(Plan("p", TimeSpan.Zero, (2, 2)));
        await world.Saved(s => s.Followed!.Until > first!.Until);
        var second = await Following(world, s => s is not null);
        Assert.Equal((first!.Begin, 3), (second!.Begin, second.Plan.Strategies.Length));
        await cluster.Settled(world);
        Assert.Equal(1, (await world.Job.Status()).Plan!.Pipelines);
    }

    [Fact]
    public async Task A_strategy_that_does_not_fit_is_run_with_fewer_pipelines_and_that_is_told()
    {
        var world = await cluster.Training(Table, vault: false, "1", "2");

        await world.Job.Follow(Plan("p", TimeSpan.Zero, (3, 2)));
        await cluster.Settled(world);

        Assert.Equal((1, 2), ((await world.Job.Status()).Plan!.Pipelines, (await world.Job.Status()).Plan!.Depth));
        Assert.Contains(await world.Job.Events(0), e => e.Message == "interval 0 of the plan: 3 x 2, which 2 instances cannot run; 1 x 2");
        await world.Join("3", "4");
        var record = await world.Trains(g => g.Pipelines == 2);
        Assert.Equal((2, 2), (record.Pipelines, record.Depth));
    }

    [Fact]
    public async Task A_plan_that_nobody_renews_is_left()
    {
        var world = await cluster.Training(Table, vault: false, "1", "2", "3", "4");

        await world.Job.Follow(Plan("p", TimeSpan.Zero, (1, 2)) with { Lease = TimeSpan.FromSeconds(2) });
        await world.Trains(g => g.Pipelines == 1);
        await world.Trains(g => g.Pipelines == 2);

        Assert.Contains(await world.Job.Events(0), e => e.Message == "plans by itself again: nobody has renewed the plan for 2 s (a test's)");
    }

    [Fact]
    public async Task A_job_whose_silo_dies_goes_on_following_where_the_plan_has_come_to()
    {
        await using var three = new ParcaeCluster(_ => ParcaeNames.ControlRole, 3);
        await three.InitializeAsync();
        var world = await three.Training(Table, vault: false, "1", "2", "3", "4");
        await world.Job.Follow(Plan("p", TimeSpan.FromHours(1), (2, 2), (1, 2)) with { Lease = TimeSpan.FromMinutes(10) });
        await world.Trains(g => g.Pipelines == 1);
        await world.Train(2);

        await three.KillHostOf(world.Job);

        // A worker's next report brings the job back elsewhere.
        await SurvivalTests.Patient(world.Report);
        await world.Saved(s => s.Events.Any(e => e.Message.StartsWith("carrying on with generation 2", StringComparison.Ordinal)));
        await three.Settled(world);
        var status = await world.Job.Status();
        Assert.Equal((1, 2, 2), (status.Plan!.Pipelines, status.Plan.Depth, status.Plan.Generation));
        await world.Job.Follow(null);
        await world.Trains(g => g.Pipelines == 2);
    }

    [Theory]
    [InlineData(2, 3, 6, "2 x 3")]
    [InlineData(2, 3, 5, "1 x 3")]
    [InlineData(2, 3, 2, "1 x 1")]
    [InlineData(4, 2, 9, "3 x 2")]
    [InlineData(0, 0, 9, "pause")]
    public void It_is_fitted_like_the_optimizers_own(int pipelines, int depth, int available, string expected) =>
        Assert.Equal(expected, FollowedPlanning.Fit(new Strategy(pipelines, depth), available, new Strategy(1, 1), s => s.Pipelines < 4).ToString());

    [Fact]
    public async Task A_plan_that_cannot_be_followed_is_refused_with_the_reason()
    {
        var world = await cluster.Training(Table, vault: false, "1", "2");
        var plan = Plan("p", TimeSpan.Zero, (1, 2));
        foreach (var (wrong, why) in ((FollowedPlan, string)[])
            [
                (plan with { Id = " " }, "it has no id"),
                (plan with { Strategies = [] }, "it has no strategies"),
                (Plan("p", TimeSpan.Zero, (1, 2), (1, 0)), "strategy 1 is 1 x 0; both must be at least 1, or both 0 for a pause"),
                (plan with { Interval = TimeSpan.Zero }, "its interval is 00:00:00; it must be longer than 0"),
                (plan with { Elapsed = TimeSpan.FromSeconds(-1) }, "the time since its beginning is -00:00:01; it must be at least 0"),
                (plan with { Lease = TimeSpan.FromHours(2) }, "its lease is 02:00:00; it must be above 0 and at most an hour"),
            ])
        {
            var refused = await Assert.ThrowsAsync<ArgumentException>(() => world.Job.Follow(wrong));
            Assert.StartsWith($"Job '{world.Name}' cannot follow the plan: {why}.", refused.Message, StringComparison.Ordinal);
        }

        await Assert.ThrowsAsync<KeyNotFoundException>(() => cluster.World().Job.Follow(plan));
    }

    private static FollowedPlan Plan(string id, TimeSpan elapsed, params (int D, int P)[] strategies) => Plan(id, elapsed, TimeSpan.FromHours(1), strategies);

    private static FollowedPlan Plan(string id, TimeSpan elapsed, TimeSpan interval, params (int D, int P)[] strategies) => new()
    {
        Id = id,
        Name = "a test's",
        Strategies = [.. strategies.Select(s => new FollowedStrategy(s.D, s.P))],
        Interval = interval,
        Elapsed = elapsed,
    };

    /// <summary>What is stored of it.</summary>
    private static async Task<FollowedState?> Following(FakeWorld world, Func<FollowedState?, bool> condition)
    {
        FollowedState? found = null;
        await world.Saved(s => condition(found = s.Followed));
        return found;
    }
}
