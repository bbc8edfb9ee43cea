using CsCheck;
using Parcae.Liveput.Planning.Limits;
using Parcae.Liveput.Profiles;

namespace Parcae.Liveput.Tests.Planning.Limits;

public sealed class DeadlineGuardTests
{
    private static readonly DeadlineGuard Guard = new([new(4, 10), new(8, 18)], 100);

    private static readonly DeadlineState Halfway = new()
    {
        JobSamples = 100_000,
        DoneSamples = 50_000,
        SecondsElapsed = 10_000,
        SecondsLeft = 10_000,
        IntervalSeconds = 60,
        ExpectedSpotSamples = 600,
        SpotInstances = 10,
    };

    [Fact]
    public void A_deadline_that_on_demand_instances_can_meet_is_met_under_any_availability() =>
        Gen.Select(
            Gen.Select(Gen.Int[1, 16], Gen.Double[0.1, 20]).Array[1, 4], Gen.Double[0, 400], Gen.Double[5, 200], Gen.Double[0, 0.999], Gen.Double[50, 20_000],
            Gen.OneOf(Gen.Const(0.0), Gen.Const(1.0), Gen.Double[0, 1]).Array[400], Gen.Double[0, 3].Array[7]).Sample(
            (entries, switchSeconds, interval, used, deadline, fates, expectations) =>
            {
                var options = entries.DistinctBy(e => e.Item1).Select(e => new OnDemandOption(e.Item1, e.Item2)).ToArray();
                double fastest = options.Max(o => o.SamplesPerSecond), job = used * fastest * (deadline - switchSeconds);
                if (job <= 0) return;
                Assert.True(Finishes(new DeadlineGuard(options, switchSeconds), options, job, deadline, switchSeconds, interval, fates, expectations));
            },
            iter: 3000);

    [Fact]
    public void Without_the_safety_net_the_same_traces_miss_it()
    {
        // The very last moment: one interval on spot instances that bring nothing and the deadline is lost.
        var state = Halfway with { SecondsLeft = (50_000 / 18.0) + 100 + 59 };
        Assert.Equal(DeadlineChoice.OnDemand, Guard.Decide(state).Choice);
        Assert.Equal(8, Guard.Decide(state).OnDemandInstances);
        Assert.Equal(DeadlineChoice.Impossible, Guard.Decide(state with { SecondsLeft = state.SecondsLeft - 60 }).Choice);
        Assert.Equal(DeadlineChoice.Spot, Guard.Decide(state with { SecondsElapsed = 2000, SecondsLeft = state.SecondsLeft + 2 }).Choice);
    }

    [Fact]
    public void Spot_instances_are_kept_while_the_job_is_on_time()
    {
        var decision = Guard.Decide(Halfway);
        Assert.Equal((DeadlineChoice.Spot, 0, 5.0, 0.0), (decision.Choice, decision.OnDemandInstances, decision.RequiredSamplesPerSecond, decision.AheadSeconds));
        Assert.Equal(10 * 0.918, decision.UsdPerHour, 1e-12);
        Assert.Equal(10_000 - 100 - (50_000 / 18.0), decision.SlackSeconds, 1e-9);
    }

    [Fact]
    public void A_job_behind_goes_on_demand_unless_it_catches_up_on_spot_instances()
    {
        var behind = Halfway with { DoneSamples = 49_900, ExpectedSpotSamples = 200 };
        var decision = Guard.Decide(behind);
        Assert.Equal((DeadlineChoice.OnDemand, 4), (decision.Choice, decision.OnDemandInstances));
        Assert.Equal(4 * 3.06, decision.UsdPerHour, 1e-12);
        Assert.Equal("20 s behind uniform progress, and spot instances would leave it 40 s behind uniform progress", decision.Reason);
        Assert.Equal(DeadlineChoice.Spot, Guard.Decide(behind with { ExpectedSpotSamples = 500 }).Choice);
        Assert.Equal(DeadlineChoice.Spot, Guard.Decide(behind with { ExpectedSpotSamples = 310 }).Choice);
    }

    [Fact]
    public void It_comes_back_only_when_it_is_ahead_by_two_switches()
    {
        var onDemand = Halfway with { OnDemandInstances = 4, ExpectedSpotSamples = 300 };
        Assert.Equal(DeadlineChoice.OnDemand, Guard.Decide(onDemand with { DoneSamples = 50_999 }).Choice);
        Assert.Equal(DeadlineChoice.Spot, Guard.Decide(onDemand with { DoneSamples = 51_001 }).Choice);
        Assert.Equal(DeadlineChoice.OnDemand, Guard.Decide(onDemand with { DoneSamples = 51_001, ExpectedSpotSamples = 0 }).Choice);
    }

    [Fact]
    public void The_number_of_on_demand_instances_is_the_cheapest_that_is_in_time()
    {
        var state = Halfway with { ExpectedSpotSamples = 0, DoneSamples = 20_000 };
        Assert.Equal(4, Guard.Decide(state).OnDemandInstances);
        Assert.Equal(8, Guard.Decide(state with { SecondsLeft = 7_000 }).OnDemandInstances);

        // What runs already need not be switched to.
        Assert.Equal(4, Guard.Decide(state with { SecondsLeft = 8_000, OnDemandInstances = 4 }).OnDemandInstances);
        Assert.Equal(8, Guard.Decide(state with { SecondsLeft = 8_000, OnDemandInstances = 4, SwitchSecondsLeft = 10 }).OnDemandInstances);
    }

    [Fact]
    public void What_is_impossible_is_said_with_numbers()
    {
        var decision = Guard.Decide(Halfway with { SecondsLeft = 1800 });
        Assert.Equal((DeadlineChoice.Impossible, 8), (decision.Choice, decision.OnDemandInstances));
        Assert.Equal("50,000 samples take 48 min on 8 on-demand instances, 30 min is left", decision.Reason);
        Assert.Equal(0, Guard.Decide(Halfway with { SecondsLeft = 1800, ExpectedSpotSamples = 6000 }).OnDemandInstances);
        Assert.Equal(DeadlineChoice.Impossible, Guard.Decide(Halfway with { SecondsLeft = -1 }).Choice);
    }

    [Fact]
    public void A_finished_job_rents_nothing()
    {
        var decision = Guard.Decide(Halfway with { DoneSamples = 100_000, OnDemandInstances = 4 });
        Assert.Equal((DeadlineChoice.Done, 0, 0.0), (decision.Choice, decision.OnDemandInstances, decision.UsdPerHour));
    }

    [Fact]
    public void On_demand_options_of_a_profile_are_those_that_are_faster_than_fewer()
    {
        var profile = Samples.Table(4, (1, 2, 10), (1, 3, 9), (2, 2, 18), (1, 4, 12));
        Assert.Equal([new(2, 10), new(4, 18)], OnDemandOption.Of(profile, 6));
    }

    [Fact]
    public void Wrong_numbers_are_refused()
    {
        Assert.Throws<ArgumentException>(() => new DeadlineGuard([]));
        Assert.Throws<ArgumentException>(() => new DeadlineGuard([new(0, 1)]));
        Assert.Throws<ArgumentException>(() => new DeadlineGuard([new(2, 1), new(2, 3)]));
        Assert.Throws<ArgumentOutOfRangeException>(() => new DeadlineGuard([new(2, 1)], -1));
        Assert.Throws<ArgumentOutOfRangeException>(() => new DeadlineGuard([new(2, 1)], 1, new InstancePrices(1, 0)));
        Assert.Contains("IntervalSeconds must be above 0", Assert.Throws<ArgumentOutOfRangeException>(() => Guard.Decide(Halfway with { IntervalSeconds = 0 })).Message, StringComparison.Ordinal);
        Assert.Throws<ArgumentOutOfRangeException>(() => Guard.Decide(Halfway with { DoneSamples = double.NaN }));
    }

    /// <summary>Follows the guard: spot instances bring what fate decides, on-demand instances what they promise.</summary>
    private static bool Finishes(DeadlineGuard guard, OnDemandOption[] options, double job, double deadline, double switchSeconds, double interval, double[] fates, double[] expectations)
    {
        double done = 0, clock = 0, switching = 0, fastest = options.Max(o => o.SamplesPerSecond);
        int running = 0;
        for (int i = 0; done < job * (1 - 1e-9); i++)
        {
            if (clock >= deadline) return false;
            double length = Math.Min(interval, deadline - clock), expected = expectations[i % expectations.Length] * fastest * length;
            var decision = guard.Decide(new DeadlineState
            {
                JobSamples = job,
                DoneSamples = done,
                SecondsElapsed = clock,
                SecondsLeft = deadline - clock,
                IntervalSeconds = interval,
                ExpectedSpotSamples = expected,
                OnDemandInstances = running,
                SwitchSecondsLeft = switching,
            });
            if (decision.Choice is DeadlineChoice.Impossible or DeadlineChoice.Done) return false;
            if (decision.Choice == DeadlineChoice.Spot)
            {
                (running, switching) = (0, 0);
                done += fates[i % fates.Length] * expected;
            }
            else
            {
                if (decision.OnDemandInstances != running) (running, switching) = (decision.OnDemandInstances, switchSeconds);
                double waits = Math.Min(switching, length);
                switching -= waits;
                done += (length - waits) * options.Single(o => o.Instances == running).SamplesPerSecond;
            }

            clock += length;
        }

        return true;
    }
}
