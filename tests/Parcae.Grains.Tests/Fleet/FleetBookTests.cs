using System.Net;
using Parcae.Grains.Fleet;
using Parcae.Grains.Hosting;

namespace Parcae.Grains.Tests.Fleet;

public sealed class FleetBookTests
{
    private static readonly DateTimeOffset Start = DateTimeOffset.UnixEpoch;

    private readonly FleetState _state = new();
    private readonly FleetBook _book;

    public FleetBookTests() => _book = new FleetBook(_state, new FleetOptions { LogLength = 10, HistoryLength = 3 });

    [Fact]
    public void Repeated_joins_notices_and_losses_are_harmless()
    {
        Assert.True(Join("a"));
        Assert.False(Join("a"));
        Assert.True(_book.Notice("a", TimeSpan.FromMinutes(2), "x", Start, null));
        Assert.False(_book.Notice("a", TimeSpan.FromMinutes(1), "x", Start, null));
        Assert.False(Join("a"));
        Assert.Equal(InstancePhase.Draining, _book.Find("a")!.Phase);
        Assert.True(_book.Lose("a", "x", Start, null));
        Assert.False(_book.Lose("a", "x", Start, null));
        Assert.Throws<KeyNotFoundException>(() => _book.Notice("a", TimeSpan.Zero, "x", Start, null));
        Assert.Equal([1L, 2L, 3L], _book.ReadLog(0, 10).Select(e => e.Sequence));
    }

    [Fact]
    public void A_loss_is_announced_when_a_notice_came_first_even_after_its_deadline()
    {
        Join("a", "b");
        _book.Notice("a", TimeSpan.FromSeconds(1), "x", Start, "trace");
        var noticed = Last;
        Assert.Equal((Start.AddSeconds(1), "trace"), (noticed.Deadline, noticed.TraceParent));
        Assert.Equal((InstancePhase.Draining, Start), (_book.Find("a")!.Phase, _book.Find("a")!.PhaseSince));
        _book.Lose("a", "x", Start.AddHours(1), null);
        Assert.True(Last.Announced);
        _book.Lose("b", "x", Start, null);
        Assert.False(Last.Announced);
    }

    [Fact]
    public void The_same_id_at_another_place_is_a_loss_and_a_join()
    {
        Join("a");
        Assert.True(_book.Join(Info("a") with { Silo = SiloAddress.New(IPAddress.Loopback, 9, 9) }, Start, null));
        Assert.Equal([AvailabilityKind.Lost, AvailabilityKind.Joined], _book.ReadLog(1, 10).Select(e => e.Kind));
    }

    [Fact]
    public void What_is_said_of_an_earlier_incarnation_does_not_touch_the_one_that_came_after_it()
    {
        _book.Join(Info("a") with { DataPlane = new PeerEndpoint("a", "127.0.0.1", 1, 7) }, Start, null);
        _book.Join(Info("a") with { DataPlane = new PeerEndpoint("a", "127.0.0.1", 1, 8) }, Start, null);
        Assert.False(_book.Lose("a", "x", Start, null, 7));
        Assert.NotNull(_book.Find("a"));
        Assert.True(_book.Lose("a", "x", Start, null, 8));
    }

    [Fact]
    public void Jobs_borrow_free_workers_up_to_their_limit_and_share_the_vault()
    {
        Join("a", "b", "c");
        _book.Join(Info("v") with { Role = InstanceRole.Vault }, Start, null);
        Assert.Equal(["a", "b", "v"], Claim("one", 2));
        Assert.Equal(["c", "v"], Claim("two", 5));
        Assert.Equal(["a", "b", "v"], Claim("one", 2));

        // One that is leaving does not count towards the limit: the job needs another in its place.
        _book.Return("two", Start);
        _book.Notice("a", TimeSpan.Zero, "x", Start, null);
        Assert.Equal(["a", "b", "c", "v"], Claim("one", 2));
        _book.Return("one", Start);
        Assert.Equal([InstancePhase.Draining, InstancePhase.Ready, InstancePhase.Ready, InstancePhase.Ready], _book.Snapshot().Instances.Select(i => i.Phase));
    }

    [Fact]
    public void A_job_that_holds_more_than_its_share_hears_of_it_and_so_does_the_one_that_is_to_have_what_it_gives_back()
    {
        Join("a", "b", "c", "d");
        Assert.Equal(["a", "b", "c", "d"], Claim("one", 9));
        Assert.Empty(Claim("two", 9));
        Assert.Equal((AvailabilityKind.Shared, "one"), (Last.Kind, Last.JobId));
        Assert.Equal(2, _book.Claim(Of("one", 9), Start).Share);
        _book.GiveBack("one", ["c", "d", "z"], Start);
        Assert.Equal((AvailabilityKind.Shared, "two"), (Last.Kind, Last.JobId));
        Assert.Equal(["c", "d"], Claim("two", 9));
        Assert.Equal(new Dictionary<string, int> { ["one"] = 2, ["two"] = 2 }, _book.Snapshot().Shares);
    }

    [Fact]
    public void Intervals_count_what_was_usable_at_their_end()
    {
        Join("a", "b");
        Assert.False(_book.Roll(Start.AddSeconds(59)));
        _book.Notice("a", TimeSpan.FromMinutes(2), "x", Start.AddSeconds(59), null);
        Assert.True(_book.Roll(Start.AddSeconds(61)));

        // Its end is no second loss.
        _book.Lose("a", "x", Start.AddSeconds(62), null);
        _book.Join(Info("c"), Start.AddSeconds(63), null);
        Assert.Equal([new AvailabilityInterval(1, 2, 1), new AvailabilityInterval(2, 1, 0)], _book.Snapshot().Intervals);
        _book.Roll(Start.AddHours(1));
        Assert.Equal(4, _book.Snapshot().Intervals.Length);
    }

    [Fact]
    public void A_clock_that_is_behind_or_ahead_where_the_fleet_goes_on_ends_no_interval_twice_and_breaks_nothing()
    {
        Join("a", "b");
        _book.Roll(Start.AddSeconds(61));
        int intervals = _state.Intervals.Count;
        Assert.False(_book.Roll(Start.AddHours(-1)));
        Assert.True(_book.Notice("a", TimeSpan.FromMinutes(2), "x", Start.AddHours(-1), null));
        Assert.Equal(Start.AddHours(-1).AddMinutes(2), Last.Deadline);
        Assert.Equal(intervals, _state.Intervals.Count);
        // A day ahead: as many intervals as are kept, with what is known.
        Assert.True(_book.Roll(Start.AddDays(1)));
        Assert.All(_state.Intervals.Skip(1), i => Assert.Equal((1, 0), (i.Available, i.Joined)));
        Assert.False(_book.Roll(Start.AddDays(1)));
    }

    [Fact]
    public void The_log_is_trimmed_and_its_numbers_go_on()
    {
        for (int i = 0; i < 20; i++) Join($"i{i}");
        var kept = _book.ReadLog(0, 100).Select(e => e.Sequence).ToArray();
        Assert.InRange(kept.Length, 10, 13);
        Assert.Equal(Enumerable.Range(21 - kept.Length, kept.Length).Select(i => (long)i), kept);
        Assert.Equal([19L], _book.ReadLog(18, 1).Select(e => e.Sequence));
        Assert.Empty(_book.ReadLog(20, 5));
    }

    [Fact]
    public void What_was_written_done_again_gives_the_same_fleet()
    {
        var entries = new List<FleetEntry>();
        void Write() => entries.Add(_book.TakeEntry()!);
        Join("a", "b", "c", "d");
        Write();
        Claim("one", 9);
        Claim("two", 2);
        Write();
        _book.Notice("a", TimeSpan.FromMinutes(2), "x", Start, null);
        _book.Roll(Start.AddSeconds(61));
        Write();
        var half = _state.Copy(entries.Count, 0);
        _book.Lose("a", "x", Start.AddSeconds(62), null);
        _book.Join(Info("a") with { Zone = "elsewhere" }, Start.AddSeconds(63), null);
        _book.GiveBack("one", ["b"], Start);
        _book.Return("two", Start);
        Write();
        Assert.False(_book.HasChanges);

        foreach (var (state, known) in new[] { (new FleetState(), 0), (half, 3) })
        {
            var again = new FleetBook(state, new FleetOptions { LogLength = 10, HistoryLength = 3 });
            for (int i = 0; i < entries.Count; i++) again.Replay(entries[i], known: i < known);
            Assert.Equivalent(_book.Snapshot(), again.Snapshot(), strict: true);
            Assert.Equivalent(_state.Claims, state.Claims, strict: true);
            Assert.Equal(_book.ReadLog(0, 100), again.ReadLog(0, 100));
        }
    }

    private AvailabilityEvent Last => _book.ReadLog(_state.LastSequence - 1, 1)[0];

    private bool Join(params string[] ids) => ids.All(id => _book.Join(Info(id), Start, null));

    private static JobClaim Of(string job, int most) => new() { JobId = job, Sharing = new SharingSpec(), Most = most };

    private IEnumerable<string> Claim(string job, int most) => _book.Claim(Of(job, most), Start).Held.Select(r => r.Info.Id);

    private static InstanceInfo Info(string id) => new()
    {
        Id = id,
        Role = InstanceRole.Worker,
        Silo = SiloAddress.New(IPAddress.Loopback, 1, 1),
        DataPlane = new PeerEndpoint(id, "127.0.0.1", 1),
    };
}
