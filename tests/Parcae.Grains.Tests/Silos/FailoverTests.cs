using System.Diagnostics;
using Parcae.Grains.Tests.Support;

namespace Parcae.Grains.Tests.Silos;

/// <summary>
/// The silo of a job's grain is killed at every point at which the grain waits for something while it brings about another generation: before and after each call and each access to storage. Another silo takes over, asks
/// the workers what they did and carries on; no step is lost or run again.
/// </summary>
public sealed class FailoverTests
{
    /// <summary>Set to 1: every point. Otherwise every third.</summary>
    private const string AllSetting = "PARCAE_FAILOVER";


    private static readonly int Stride = Environment.GetEnvironmentVariable(AllSetting) == "1" ? 1 : 3;

    /// <summary>What happens to the fleet, and the fewest points that a reconfiguration for it is known to have.</summary>
    public static TheoryData<string, int> Events => new() { { "notice", 30 }, { "loss", 30 }, { "join", 30 } };

    [Theory]
    [MemberData(nameof(Events))]
    public async Task Wherever_the_grain_ends_another_carries_on(string happens, int fewest)
    {
        await using var cluster = new ParcaeCluster(_ => ParcaeNames.ControlRole, 3, poll: TimeSpan.FromMinutes(10));
        await cluster.InitializeAsync();
        int point = 1;
        for (; await EndsAt(cluster, happens, point) is { } last; point += Stride)
        {
            TestContext.Current.TestOutputHelper?.WriteLine($"point {point}: {last}");
            await cluster.Cluster.StartAdditionalSiloAsync();
        }

        Assert.True(point > fewest, $"only {point} points");
    }

    /// <summary>Kills the job's silo, and waits until the others have noticed: nothing of the next job is to be put there.</summary>
    private static async Task KillHost(ParcaeCluster cluster, FakeWorld world)
    {
        var silo = cluster.HostOf(world.Job);
        await cluster.Kill(silo).WaitAsync(Patience.Long, TestContext.Current.CancellationToken);
        var management = cluster.Cluster.Client.GetGrain<IManagementGrain>(0);
        for (var waited = Stopwatch.StartNew(); ; await Task.Delay(20, TestContext.Current.CancellationToken))
        {
            try
            {
                if (!(await management.GetHosts(true, TestContext.Current.CancellationToken)).ContainsKey(silo.SiloAddress)) return;
            }
            catch (Exception e) when (e is OrleansException or TimeoutException)
            {
                // Its own silo may be the one that is gone.
            }

            Assert.True(waited.Elapsed < Patience.Long, $"{silo.SiloAddress} does not count as dead");
        }
    }

    /// <summary>Waits until the job says that it trains in a later generation. Not by what is saved: who carries on with a generation has nothing to save at once.</summary>
    private static async Task<GenerationRecord> Trains(FakeWorld world, int before)
    {
        for (var waited = Stopwatch.StartNew(); ; await Task.Delay(20, TestContext.Current.CancellationToken))
        {
            var status = await world.Job.Status();
            if (status is { Phase: JobPhase.Training, LastReconfiguration: { } last } && last.Number > before) return last;
            if (waited.Elapsed > Patience.Long)
                Assert.Fail($"it does not train: {status.Phase}, {status.Reason}{Environment.NewLine}{string.Join(Environment.NewLine, (await world.Job.Events(0)).Select(e => e.Message))}");
        }
    }

    /// <summary>One job's life with its grain ended at a point. Returns what the point was; null: its reconfiguration had fewer.</summary>
    private static async Task<string?> EndsAt(ParcaeCluster cluster, string happens, int point)
    {
        var world = await cluster.Training("2:1x2 4:2x2", vault: true, "1", "2", "3");
        await world.Train(3);
        await cluster.Settled(world).WaitAsync(Patience.Long, TestContext.Current.CancellationToken);
        var (before, member) = (world.Plan.Generation, world.Plan.At(0, 1).Peer.InstanceId);

        var reached = cluster.Points.Count(world.Job.GetGrainId(), point);
        switch (happens)
        {
            case "notice":
                await world.Fleet.Notice(member, TimeSpan.FromMinutes(2), "test");
                break;
            case "loss":
                await world.Kill(world.Short(member));
                break;
            case "join":
                await world.Join("4");
                break;
        }

        // It may be one of the last things that it does, after the others hear that it trains.
        if (await Task.WhenAny(reached, world.Trains(r => r.Number > before)) != reached)
            await Task.WhenAny(reached, cluster.Settled(world)).WaitAsync(Patience.Long, TestContext.Current.CancellationToken);
        cluster.Points.Stop();
        string? last = reached.IsCompleted ? await reached : null;
        if (last is not null) await KillHost(cluster, world);

        // Whoever still trains reports, which brings the job back.
        for (var waited = Stopwatch.StartNew(); ;)
        {
            try
            {
                await world.Job.Status().WaitAsync(TimeSpan.FromSeconds(5), TestContext.Current.CancellationToken);
                await world.TryReport();
                break;
            }
            catch (Exception e) when (waited.Elapsed < Patience.Long && e is OrleansException or TimeoutException)
            {
            }
        }

        var record = await Trains(world, before);
        Assert.Equal((3, 0), (record.AtStep, record.StepsReplayed));
        Assert.Equal(happens == "join" ? 2 : 1, record.Pipelines);
        string[] causes = happens switch
        {
            "notice" => [$"{member} leaves (notice)"],
            "loss" => [$"{member} lost without notice", $"{member} does not answer", $"the silo of {member} is gone"],
            _ => [$"{world.Id("4")} joined", "2 x 2 promises more than 1 x 2"],
        };
        // Where the next generation was durable already, and not everybody had begun with it, there is one more.
        Assert.Contains([.. causes, "after the loss of the job's silo"], cause => record.Cause.Contains(cause, StringComparison.Ordinal));
        if (happens != "join") Assert.Null(world.Plan.Of(member));
        await world.Train(2);
        // A job that has yet to ask its workers what they did takes nothing in; they report until it does.
        var status = await world.Job.Status();
        for (var waited = Stopwatch.StartNew(); status.CommittedStep < 5 && waited.Elapsed < Patience.Long; status = await world.Job.Status()) await world.Report();
        Assert.Equal((5, new JobLedger { SamplesCommitted = 40 }), (status.CommittedStep, status.Ledger));
        Assert.All((await world.Job.History(0)).Steps.Select((s, i) => (s, i)), s => Assert.Equal(FakeWorld.Result(s.i), s.s));
        await world.Job.Cancel();
        return last is null ? null : $"{last}: {record.Cause}";
    }
}
