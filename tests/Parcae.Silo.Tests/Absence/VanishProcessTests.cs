using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using Parcae.Grains;
using Parcae.Silo.Tests.Availability.Fakes;
using StackExchange.Redis;
using Xunit;

namespace Parcae.Silo.Tests.Absence;

/// <summary>Real workers that vanish in the middle of training and come back.</summary>
public sealed class VanishProcessTests(Service service) : IClassFixture<Service>, IDisposable
{
    private static readonly TimeSpan Long = TimeSpan.FromMinutes(30);

    public void Dispose() => TestContext.Current.TestOutputHelper?.WriteLine(service.Output);

    [Fact]
    public async Task A_training_worker_vanishes_as_if_killed_and_is_the_same_instance_and_process_in_a_new_silo_when_it_is_called_back()
    {
        var worker = await WorkerAsync("i-1");
        var other = await WorkerAsync("i-2");
        var job = await SubmitAsync("vanish-1");
        await UntilTrainingAsync(job, "i-1", "i-2");
        var before = await RecordAsync("i-1");
        long kept = ResidentBytes(worker);
        Assert.Contains("libtorch", Mapped(worker), StringComparison.Ordinal);

        await VanishAsync("i-1", new VanishOrder("o.1", Long));

        await service.UntilAsync(async () => await RecordAsync("i-1") is null, "i-1 is lost");
        Assert.False(worker.HasExited);
        Assert.False(Answers(before!.Info.DataPlane.Port));
        Assert.True(ResidentBytes(worker) < kept / 2, $"{ResidentBytes(worker)} bytes are resident; {kept} were when it trained.");
        Assert.True(ListensForDiagnostics(worker));
        Assert.DoesNotContain("libtorch", Mapped(worker), StringComparison.Ordinal);
        await UntilTrainingAsync(job, "i-2");

        await RecallAsync("o.1");
        await service.UntilAsync(async () => await RecordAsync("i-1") is not null, "i-1 is back");
        var after = await RecordAsync("i-1");
        Assert.NotEqual(before.Info.Silo, after!.Info.Silo);
        Assert.Contains("i-1 is called back", service.Output, StringComparison.Ordinal);
        await UntilTrainingAsync(job, "i-1", "i-2");
        var events = await service.EventsAsync("i-1");
        Assert.Equal([AvailabilityKind.Joined, AvailabilityKind.Lost, AvailabilityKind.Joined], events.Select(e => e.Kind));
        Assert.False(events[1].Announced);
        var history = await job.History(0);
        Assert.Equal((0, 0, 0), (history.Ledger.SamplesLost, history.Ledger.SamplesRepeated, history.Ledger.ReplayMismatches));

        // Back from that order already: it obeys it no second time.
        await VanishAsync("i-1", new VanishOrder("o.1", Long));
        await VanishAsync("i-1", new VanishOrder("o.2", TimeSpan.FromSeconds(3)));
        await service.UntilAsync(async () => (await service.EventsAsync("i-1")).Count(e => e.Kind == AvailabilityKind.Joined) == 3, "i-1 is back by itself");
        Assert.Contains("i-1 comes back: its time is over", service.Output, StringComparison.Ordinal);
        Assert.False(worker.HasExited);
        await job.Cancel();
        worker.Kill();
        other.Kill();
    }

    [Fact]
    public async Task Whoever_is_away_is_alive_to_its_supervisor_and_ends_at_once_when_that_says_so()
    {
        int port = FreePorts.Next();
        var worker = await WorkerAsync("a-1", "--http-port", $"{port}");
        await VanishAsync("a-1", new VanishOrder("a.1", Long));
        await service.UntilAsync(() => Task.FromResult(service.Output.Contains("ABSENT a-1 for", StringComparison.Ordinal)), "a-1 is absent");
        using var http = new HttpClient { BaseAddress = new Uri($"http://127.0.0.1:{port}") };
        Assert.Equal("Healthy: the instance is away, as a replay wants it\n", await http.GetStringAsync("/health/live", TestContext.Current.CancellationToken));
        using var ready = await http.GetAsync("/health/ready", TestContext.Current.CancellationToken);
        Assert.Equal(HttpStatusCode.ServiceUnavailable, ready.StatusCode);

        var (_, seconds) = await Signals.TerminateAsync(worker);

        Assert.True(seconds < 60, $"It took {seconds:0.0} s.");
    }

    [Fact]
    public async Task A_worker_that_was_not_started_for_replays_and_a_control_silo_refuse()
    {
        var worker = await service.WorkerAsync("n-1", "--availability", "none", "--stop-timeout", "0");

        var refused = await Assert.ThrowsAsync<InvalidOperationException>(() => VanishAsync("n-1", new VanishOrder("n.1", TimeSpan.Zero)));
        Assert.Equal("n-1 takes part in no replay; start it with --allow-replay true where that is wanted.", refused.Message);
        refused = await Assert.ThrowsAsync<InvalidOperationException>(() => VanishAsync("c-1", new VanishOrder("n.1", TimeSpan.Zero)));
        Assert.Equal("c-1 is no worker: a replay takes only workers away.", refused.Message);
        worker.Kill();
        await worker.WaitForExitAsync(TestContext.Current.CancellationToken);
    }

    [Theory]
    [InlineData("", 1, "the order's id is ''")]
    [InlineData("a b", 1, "the order's id is 'a b'")]
    [InlineData("a", -1, "the time away is -00:00:01")]
    public void An_order_that_cannot_be_obeyed_says_why(string id, int seconds, string problem) =>
        Assert.Contains(problem, new VanishOrder(id, TimeSpan.FromSeconds(seconds)).Problem(), StringComparison.Ordinal);

    private Task<Process> WorkerAsync(string id, params string[] more) =>
        service.WorkerAsync(id, ["--availability", "none", "--stop-timeout", "0", "--allow-replay", "true", .. more]);

    private Task VanishAsync(string id, VanishOrder order) => service.Grains.GetGrain<IInstanceGrain>(id).Vanish(order);

    private async Task RecallAsync(string order)
    {
        await using var redis = await ConnectionMultiplexer.ConnectAsync(service.Redis);
        await redis.GetDatabase().StringSetAsync(VanishOrder.RecallKey("parcae", order), "1");
    }

    private async Task<InstanceRecord?> RecordAsync(string id) => (await service.Fleet.Snapshot()).Instances.FirstOrDefault(i => i.Info.Id == id);

    private static long ResidentBytes(Process process)
    {
        process.Refresh();
        return process.WorkingSet64;
    }

    private static string Mapped(Process process) => File.ReadAllText($"/proc/{process.Id}/maps");

    private static bool ListensForDiagnostics(Process process) =>
        Connects(new UnixDomainSocketEndPoint(Directory.GetFiles(Path.GetTempPath(), $"dotnet-diagnostic-{process.Id}-*-socket").Single()), ProtocolType.Unspecified);

    private static bool Answers(int port) => Connects(new IPEndPoint(IPAddress.Loopback, port), ProtocolType.Tcp);

    private static bool Connects(EndPoint address, ProtocolType protocol)
    {
        using var socket = new Socket(address.AddressFamily, SocketType.Stream, protocol);
        try
        {
            socket.Connect(address);
            return true;
        }
        catch (SocketException)
        {
            return false;
        }
    }

    private async Task<IJobGrain> SubmitAsync(string id)
    {
        var job = service.Grains.GetGrain<IJobGrain>(id);
        await job.Submit(new JobSpec
        {
            Model = new ModelSpec { Blocks = 4, Hidden = 32, Heads = 2, SequenceLength = 32 },
            Data = new DataSpec { Kind = "synthetic" },
            Training = new TrainingSpec { GlobalBatch = 8, MicroBatches = 4, Seed = 5 },
            // Slow machines by estimate: the planner uses both, whatever else this one does.
            Planning = new PlanningSpec { FlopsPerSecond = 1e9, LinkBytesPerSecond = 10e9, LayerTimes = "estimated" },
        });
        return job;
    }

    private Task UntilTrainingAsync(IJobGrain job, params string[] members)
    {
        int? begun = null;
        return service.UntilAsync(
            async () => await job.Status() is { Phase: JobPhase.Training, Plan: { } plan } status && members.All(m => plan.Of(m) is not null) && status.CommittedStep > (begun ??= status.CommittedStep) + 3,
            $"{string.Join(" and ", members)} train");
    }
}
