using Parcae.Cli.Replay.Acting;
using Parcae.Liveput.Traces;

namespace Parcae.Client.Tests.Replay;

public sealed class TraceReplayTests
{
    private static readonly int[] Counts = [4, 4, 3, 2, 4, 6, 6, 3, 3, 5, 4];

    [Fact]
    public void The_same_seed_draws_the_same_replay_and_another_seed_another()
    {
        Assert.Equal(TraceReplay.Create(Counts, 0.3, 5).Events, TraceReplay.Create(Counts, 0.3, 5).Events);
        Assert.NotEqual(TraceReplay.Create(Counts, 0.3, 5).Events, TraceReplay.Create(Counts, 0.3, 6).Events);
    }

    [Theory]
    [InlineData(0, 0)]
    [InlineData(0.01, 2)]
    [InlineData(0.2, 2)]
    [InlineData(0.5, 3)]
    [InlineData(1, 6)]
    public void A_share_of_the_losses_comes_without_notice_but_at_least_two_where_any_does(double share, int expected)
    {
        var replay = TraceReplay.Create(Counts, share, 1);
        Assert.Equal(6, replay.Losses);
        Assert.Equal(expected, replay.Unannounced);
    }

    [Fact]
    public void A_trace_with_one_loss_has_at_most_one_without_notice() => Assert.Equal(1, TraceReplay.Create([3, 2], 0.1, 1).Unannounced);

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    public void Instances_follow_the_counts_of_the_trace(int seed)
    {
        foreach (string trace in (string[])["LADP", "HADP", "LASP", "HASP", "aws-p3"])
        {
            int[] counts = [.. BuiltInTraces.Get(trace).ScaleTo(6).Intervals.Select(i => i.Available)];
            var replay = TraceReplay.Create(counts, 0.2, seed);
            var alive = replay.Initial.ToHashSet();
            Assert.Equal(counts[0], alive.Count);
            for (int i = 0; i < counts.Length; i++)
            {
                // Losses without notice come inside the interval: by its end the count is the trace's.
                foreach (var e in replay.Events.Where(e => Math.Floor(e.At) == i))
                {
                    if (e.Action == ReplayAction.Start) Assert.True(alive.Add(e.Instance));
                    if (e.Action == ReplayAction.Kill) Assert.True(alive.Remove(e.Instance));
                }

                Assert.Equal(counts[i], alive.Count);
            }
        }
    }

    [Fact]
    public void Every_announced_loss_has_its_notice_one_interval_before()
    {
        var replay = TraceReplay.Create(Counts, 0.2, 3);
        foreach (var kill in replay.Events.Where(e => e.Action == ReplayAction.Kill))
        {
            var notices = replay.Events.Where(e => e.Action == ReplayAction.Notice && e.Instance == kill.Instance).ToArray();
            Assert.Equal(kill.Announced ? 1 : 0, notices.Length);
            if (kill.Announced) Assert.Equal(kill.At - 1, notices[0].At);
            else Assert.NotEqual(kill.At, Math.Floor(kill.At));
        }
    }

    [Fact]
    public void Whoever_has_only_just_come_is_not_given_notice()
    {
        // Two come at interval 2; of the losses at interval 3, announced at 2, none may be theirs.
        for (int seed = 0; seed < 50; seed++)
        {
            var replay = TraceReplay.Create([2, 2, 4, 2], 0, seed);
            string[] lost = [.. replay.Events.Where(e => e.Action == ReplayAction.Kill).Select(e => e.Instance)];
            Assert.Equal(["i-0001", "i-0002"], lost.Order());
        }
    }

    [Theory]
    [InlineData(0.5)]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(2.5)]
    public void The_grace_is_the_time_from_the_notice_to_the_loss_or_what_there_is_of_it(double grace)
    {
        for (int seed = 0; seed < 20; seed++)
        {
            var replay = TraceReplay.Create(Counts, 0.2, seed, grace);
            var started = replay.Initial.ToDictionary(i => i, _ => 0.0);
            foreach (var start in replay.Events.Where(e => e.Action == ReplayAction.Start)) started.Add(start.Instance, start.At);
            foreach (var kill in replay.Events.Where(e => e is { Action: ReplayAction.Kill, Announced: true }))
            {
                var notice = Assert.Single(replay.Events, e => e.Action == ReplayAction.Notice && e.Instance == kill.Instance);
                Assert.Equal(Math.Max(started[kill.Instance], kill.At - grace), notice.At);
                Assert.Equal(kill.At - notice.At, notice.Left);
            }
        }
    }

    [Fact]
    public void On_a_fleet_whoever_vanished_longest_ago_comes_back_first_and_nobody_is_in_two_places()
    {
        string[] fleet = ["a", "b", "c", "d", "e", "f"];
        for (int seed = 0; seed < 50; seed++)
        {
            var replay = TraceReplay.Create(Counts, 0.4, seed, fleet: fleet);
            var (there, away) = (replay.Initial.ToHashSet(), new List<string>(fleet.Except(replay.Initial)));
            foreach (var e in replay.Events)
            {
                if (e.Action == ReplayAction.Notice) Assert.Contains(e.Instance, there);
                if (e.Action == ReplayAction.Kill)
                {
                    Assert.True(there.Remove(e.Instance));
                    away.Add(e.Instance);
                }

                if (e.Action != ReplayAction.Start) continue;
                Assert.True(away.Remove(e.Instance));
                Assert.True(there.Add(e.Instance));
            }
        }

        Assert.NotEqual(TraceReplay.Create(Counts, 0, 1, fleet: fleet).Initial, TraceReplay.Create(Counts, 0, 2, fleet: fleet).Initial);
        Assert.Throws<ArgumentOutOfRangeException>(() => TraceReplay.Create(Counts, 0, 1, fleet: fleet[1..]));
    }

    [Fact]
    public void No_instance_is_ever_named_twice()
    {
        var replay = TraceReplay.Create(Counts, 0.2, 3);
        string[] names = [.. replay.Initial, .. replay.Events.Where(e => e.Action == ReplayAction.Start).Select(e => e.Instance)];
        Assert.Equal(names.Length, names.Distinct().Count());
    }
}
