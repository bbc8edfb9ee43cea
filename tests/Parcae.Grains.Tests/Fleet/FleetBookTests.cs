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
        Assert.Single(Join("a"));
        Assert.Empty(Join("a"));
        Assert.NotNull(_book.Notice("a", TimeSpan.FromMinutes(2), "x", Start, null));
        Assert.Null(_book.Notice("a", TimeSpan.FromMinutes(1), "x", Start, null));
        Assert.Empty(Join("a"));
        Assert.Equal(InstancePhase.Draining, _book.Find("a")!.Phase);
        Assert.NotNull(_book.Lose("a", "x", Start, null));
        Assert.Null(_book.Lose("a", "x", Start, null));
        Assert.Throws<KeyNotFoundException>(() => _book.Notice("a", TimeSpan.Zero, "x", Start, null));
        Assert.Equal([1L, 2L, 3L], _book.ReadLog(0, 10).Select(e => e.Sequence));
    }

    [Fact]
    public void A_loss_is_announced_when_a_notice_came_first_even_after_its_deadline()
    {
        Join("a", "b");
        var noticed = _book.Notice("a", TimeSpan.FromSeconds(1), "x", Start, "trace");
        Assert.Equal((Start.AddSeconds(1), "trace"), (noticed!.Deadline, noticed.TraceParent));
        Assert.Equal(InstancePhase.Draining, _book.Find("a")!.Phase);
        Assert.True(_book.Lose("a", "x", Start.AddHours(1), null)!.Announced);
        Assert.False(_book.Lose("b", "x", Start, null)!.Announced);
    }

    [Fact]
    public void The_same_id_at_another_place_is_a_loss_and_a_join()
    {
        Join("a");
        var events = _book.Join(Info("a") with { Silo = SiloAddress.New(IPAddress.Loopback, 9, 9) }, Start, null);
        Assert.Equal([AvailabilityKind.Lost, AvailabilityKind.Joined], events.Select(e => e.Kind));
    }

    [Fact]
    public void Jobs_borrow_free_workers_up_to_their_limit_and_share_the_vault()
    {
        Join("a", "b", "c");
        _book.Join(Info("v") with { Role = InstanceRole.Vault }, Start, null);
        var (lent, held) = _book.Borrow("one", 2);
        Assert.Equal((2, 3), (lent.Length, held.Length));
        Assert.Equal(["c", "v"], _book.Borrow("two", 5).Held.Select(r => r.Info.Id));
        Assert.Empty(_book.Borrow("one", 2).Lent);

        // One that is leaving does not count towards the limit: the job needs another in its place.
        _book.Return("two");
        _book.Notice("a", TimeSpan.Zero, "x", Start, null);
        Assert.Equal(["a", "b", "c", "v"], _book.Borrow("one", 2).Held.Select(r => r.Info.Id));
        _book.Return("one");
        Assert.Equal([InstancePhase.Draining, InstancePhase.Ready, InstancePhase.Ready, InstancePhase.Ready], _book.Snapshot().Instances.Select(i => i.Phase));
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
    public void The_log_is_trimmed_and_its_numbers_go_on()
    {
        for (int i = 0; i < 20; i++) Join($"i{i}");
        Assert.Equal(Enumerable.Range(11, 10).Select(i => (long)i), _book.ReadLog(0, 100).Select(e => e.Sequence));
        Assert.Equal([19L], _book.ReadLog(18, 1).Select(e => e.Sequence));
        Assert.Empty(_book.ReadLog(20, 5));
    }

    private AvailabilityEvent[] Join(params string[] ids) => [.. ids.SelectMany(id => _book.Join(Info(id), Start, null))];

    private static InstanceInfo Info(string id) => new()
    {
        Id = id,
        Role = InstanceRole.Worker,
        Silo = SiloAddress.New(IPAddress.Loopback, 1, 1),
        DataPlane = new PeerEndpoint(id, "127.0.0.1", 1),
    };
}
