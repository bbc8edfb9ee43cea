using Parcae.Liveput.Costs.Transitions;
using Parcae.Liveput.Planning.Limits;
using Parcae.Liveput.Profiles;
using Parcae.Liveput.Simulation;
using Parcae.Liveput.Simulation.Policies;
using Parcae.Liveput.Traces;

namespace Parcae.Liveput.Tests.Simulation;

public sealed class DeadlinePolicyTests
{
    public static TheoryData<string, string> Cells => new(
        from profile in (string[])["gpt-1.5b", "gpt-6.7b"]
        from trace in (string[])["HADP", "HASP", "LADP", "LASP", "bursts:1,intervals=60", "bursts:2,intervals=60", "poisson:3,intervals=60", "zones:4,intervals=60"]
        select (profile, trace));

    [Theory]
    [MemberData(nameof(Cells))]
    public void A_deadline_that_on_demand_instances_alone_can_meet_is_met(string profile, string trace)
    {
        var setting = Setting(profile, trace);
        double fastest = setting.Profile.Throughput(new BestThroughput(setting.Profile).For(setting.Trace.Capacity));

        // Tightness: of what on-demand instances alone can do by then, the switch to them paid.
        foreach (var (minutes, tightness) in ((double, double)[])[(20, 1), (45.5, 0.5), (45.5, 0.95)])
        {
            double job = tightness * fastest * ((minutes * 60) - DeadlineGuard.DefaultSwitchSeconds);
            var result = Run(setting, job, minutes);
            Assert.True(result.DoneMs <= (minutes * 60_000) + 1, $"{tightness} of what is possible in {minutes} minutes: done after {result.DoneMs / 60_000} minutes");
            Assert.Equal(job, result.Samples, job * 1e-9);
        }
    }

    [Theory]
    [InlineData("gpt-1.5b")]
    [InlineData("bert")]
    [InlineData("gpt-6.7b")]
    [InlineData("resnet152")]
    [InlineData("vgg19")]
    public void On_a_quiet_trace_it_costs_no_more_than_on_demand_instances_alone(string profile)
    {
        var trace = Trace("quiet", [.. Enumerable.Repeat(32, 60)]);
        var setting = Setting(profile, trace);
        var prices = setting.Profile.Prices ?? InstancePrices.P32XLarge;
        var best = new BestThroughput(setting.Profile);
        double minutes = 60, job = 0.8 * setting.Profile.Throughput(best.For(32)) * ((minutes * 60) - DeadlineGuard.DefaultSwitchSeconds);
        var result = Run(setting, job, minutes);
        Assert.NotNull(result.DoneMs);
        double cheapest = Enumerable.Range(1, 32).Select(best.For).Where(s => !s.IsPause)
            .Select(s => (s.Instances, Seconds: DeadlineGuard.DefaultSwitchSeconds + (job / setting.Profile.Throughput(s)))).Where(o => o.Seconds <= minutes * 60)
            .Min(o => Math.Ceiling(o.Seconds / 60) * o.Instances * prices.OnDemandPerHour / 60);
        Assert.InRange(result.Usd(prices, setting.IntervalMs), 0, cheapest);
    }

    [Fact]
    public void A_done_job_rents_nothing_trains_nothing_and_is_not_paused()
    {
        var setting = Setting("gpt-1.5b", "HASP");
        var result = Run(setting, 20_000, 60);
        int last = (int)(result.DoneMs!.Value / setting.IntervalMs);
        Assert.InRange(last, 1, 30);
        Assert.All(result.Intervals.Skip(last + 1), i => Assert.Equal(new IntervalOutcome(Strategy.None, 0, 0, null, 0, 0, Done: true), i));
        Assert.Equal(0, result.PausedIntervals);
        Assert.Equal(20_000, result.Samples, 1e-6);
    }

    [Fact]
    public void Without_spot_instances_it_waits_as_long_as_it_may_and_rents_on_demand()
    {
        var trace = Trace("gone", [10, .. Enumerable.Repeat(0, 59)]);
        var setting = Setting("gpt-1.5b", trace);
        var result = Run(setting, 10_000, 60);
        Assert.True(result.DoneMs <= 3_600_000);
        Assert.Contains(result.Intervals, i => i.OnDemandInstances > 0);
        Assert.All(result.Intervals, i => Assert.True(i.OnDemandInstances == 0 || (i.SpotInstances == 0 && i.Strategy.Instances == i.OnDemandInstances)));
    }

    [Fact]
    public void What_is_impossible_is_not_done()
    {
        var result = Run(Setting("gpt-1.5b", "LADP"), 1e9, 60);
        Assert.Null(result.DoneMs);
        Assert.True(result.Samples > 0);
    }

    [Fact]
    public void Wrong_numbers_are_refused()
    {
        Assert.Contains("JobSamples must be above 0", Assert.Throws<ArgumentOutOfRangeException>(() => Policy(0, 10)).Message);
        Assert.Contains("DeadlineSeconds must be above 0", Assert.Throws<ArgumentOutOfRangeException>(() => Policy(10, 0)).Message);
        Assert.Contains("'deadline' needs a job", Assert.Throws<ArgumentException>(() => PolicyNames.Create("deadline")).Message);
        var small = Setting("gpt-6.7b", Trace("small", [2, 2]));
        Assert.Contains("gpt-6.7b cannot run on 2 on-demand instances", Assert.Throws<ArgumentException>(() => Policy(10, 10).Start(small)).Message);
    }

    private static PolicyResult Run(SimulationSetting setting, double job, double minutes) => Simulator.Run(Policy(job, minutes), setting);

    private static IPolicy Policy(double job, double minutes) => PolicyNames.Create(
        "deadline", new PolicyOptions { Forecast = "persistence", LookAhead = 3, Deadline = new DeadlineOptions { JobSamples = job, DeadlineSeconds = minutes * 60 } });

    private static AvailabilityTrace Trace(string name, int[] counts) => new(
        name, "", 60, [.. counts.Select((n, i) => (Now: n, Before: i == 0 ? n : counts[i - 1])).Select(c => new TraceInterval(Math.Max(0, c.Now - c.Before), Math.Max(0, c.Before - c.Now), c.Now))]);

    private static SimulationSetting Setting(string profile, string trace) => Setting(profile, NamedTraces.Resolve(trace));

    private static SimulationSetting Setting(string profile, AvailabilityTrace trace) =>
        new(BuiltInProfiles.Get(profile), trace, new ArtifactCosts(BuiltInProfiles.Get(profile)));
}
