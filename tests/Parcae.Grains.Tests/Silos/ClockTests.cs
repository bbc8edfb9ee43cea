using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Time.Testing;
using Parcae.Grains.Tests.Support;

namespace Parcae.Grains.Tests.Silos;

/// <summary>A cluster whose time goes on only when a test says so.</summary>
public sealed class ClockCluster : ParcaeCluster
{
    public ClockCluster() : this(new FakeTimeProvider(new DateTimeOffset(2026, 1, 1, 0, 0, 0, TimeSpan.Zero)))
    {
    }

    private ClockCluster(FakeTimeProvider clock)
        : base(_ => ParcaeNames.ControlRole, 1, silo => silo.Services.Replace(ServiceDescriptor.Singleton<TimeProvider>(clock)), TimeSpan.FromSeconds(60)) => Clock = clock;

    public FakeTimeProvider Clock { get; }

    /// <summary>Lets time pass in small steps until something is done. What a step sets going is done before the next one, however busy the machine is: else answers of a moment would come after timeouts of seconds.</summary>
    public async Task PassUntil(Task done)
    {
        while (!done.IsCompleted)
        {
            Clock.Advance(TimeSpan.FromMilliseconds(250));
            for (int quiet = 0; quiet < 2 && !done.IsCompleted; quiet = ThreadPool.PendingWorkItemCount == 0 ? quiet + 1 : 0) await Task.WhenAny(done, Task.Delay(1));
        }

        await done;
    }
}

/// <summary>What the grains do by the clock, and when.</summary>
public sealed class ClockTests(ClockCluster cluster) : IClassFixture<ClockCluster>
{
    private static readonly TimeSpan Blink = TimeSpan.FromMilliseconds(50);

    [Fact]
    public async Task An_interval_ends_by_the_clock_and_the_job_notes_what_it_had_and_what_was_forecast()
    {
        var world = await Training("2:1x2", "1", "2", "3");
        int before = (await world.Job.History(0)).Intervals.Length;
        var begun = cluster.Clock.GetUtcNow();

        await cluster.PassUntil(IntervalsAsync(world, before + 3));

        Assert.InRange(cluster.Clock.GetUtcNow() - begun, TimeSpan.FromSeconds(120), TimeSpan.FromSeconds(240));
        Assert.All((await world.Job.History(0)).Intervals.TakeLast(2), i => Assert.Equal((3, 3.0), (i.Available, i.Forecast)));
    }

    [Fact]
    public async Task A_member_that_does_not_hear_is_waited_for_only_a_little_while_once_another_stands_at_the_boundary()
    {
        var (world, leaves, deaf) = await PairAsync();
        deaf.Health = Health.Hung;
        var boundary = new TaskCompletionSource();
        leaves.Boundary = boundary.Task;
        await world.Fleet.Notice(leaves.Id, TimeSpan.FromHours(2), "test");
        await cluster.PassUntil(world.Until(() => Halts(deaf, HaltMode.AtBoundary) && Halts(leaves, HaltMode.AtBoundary)));

        // A long step: nobody is hurried.
        cluster.Clock.Advance(TimeSpan.FromSeconds(25));
        await Task.Delay(Blink);
        Assert.False(Halts(deaf, HaltMode.Now) || Halts(leaves, HaltMode.Now));

        // One stands. The other cannot be more than a step behind.
        boundary.SetResult();
        await world.Until(() => leaves.Phase == WorkerPhase.Halted);
        cluster.Clock.Advance(TimeSpan.FromSeconds(1.5));
        await Task.Delay(Blink);
        Assert.False(Halts(deaf, HaltMode.Now));
        var begun = cluster.Clock.GetUtcNow();
        await cluster.PassUntil(world.Until(() => Halts(deaf, HaltMode.Now)));
        Assert.InRange(cluster.Clock.GetUtcNow() - begun, TimeSpan.Zero, TimeSpan.FromSeconds(3));

        // It counts as lost, and one alone cannot train.
        await cluster.PassUntil(world.Pauses());
        Assert.Contains(await world.Job.Events(0), e => e.Message.StartsWith($"{deaf.Id} counts as lost", StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_boundary_that_nobody_reaches_is_waited_for_as_long_as_the_options_say()
    {
        var (world, leaves, stays) = await PairAsync();
        leaves.Boundary = stays.Boundary = new TaskCompletionSource().Task;
        await world.Fleet.Notice(leaves.Id, TimeSpan.FromHours(2), "test");
        await cluster.PassUntil(world.Until(() => Halts(stays, HaltMode.AtBoundary) && Halts(leaves, HaltMode.AtBoundary)));
        var begun = cluster.Clock.GetUtcNow();

        await cluster.PassUntil(world.Until(() => Halts(stays, HaltMode.Now) && Halts(leaves, HaltMode.Now)));

        Assert.InRange(cluster.Clock.GetUtcNow() - begun, TimeSpan.FromSeconds(29), TimeSpan.FromSeconds(40));
        await cluster.PassUntil(world.Trains(r => r.Number > 1));
    }

    private static bool Halts(FakeWorker worker, HaltMode mode) => worker.Commands.OfType<HaltCommand>().Any(h => h.Generation > 1 && h.Mode == mode);

    private static async Task IntervalsAsync(FakeWorld world, int count)
    {
        while ((await world.Job.History(0)).Intervals.Length < count) await Task.Delay(5);
    }

    private async Task<FakeWorld> Training(string table, params string[] instances)
    {
        var training = cluster.Training(table, vault: false, instances);
        await cluster.PassUntil(training);
        return await training;
    }

    /// <summary>A job of two members, one of which is about to leave, with a spare.</summary>
    private async Task<(FakeWorld World, FakeWorker Leaves, FakeWorker Other)> PairAsync()
    {
        var world = await Training("2:1x2", "1", "2", "3");
        await world.Train(1);
        return (world, Member(0), Member(1));

        FakeWorker Member(int stage) => world[world.Short(world.Plan.At(0, stage).Peer.InstanceId)];
    }
}
