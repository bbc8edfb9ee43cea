using System.Net;
using Microsoft.Extensions.DependencyInjection;
using Orleans.Hosting;
using Orleans.Runtime.Services;
using Orleans.Services;
using Parcae.Grains.Fleet;
using Parcae.Grains.Placement;
using Parcae.Grains.Tests.Support;

namespace Parcae.Grains.Tests.Silos;

public sealed class PlacementTests
{
    private static readonly SiloAddress A = SiloAddress.New(IPAddress.Loopback, 1, 1), B = SiloAddress.New(IPAddress.Loopback, 2, 1), C = SiloAddress.New(IPAddress.Loopback, 3, 1);

    [Fact]
    public void Control_silos_come_first_then_unknown_ones_then_any()
    {
        var roles = new Dictionary<SiloAddress, string?> { [A] = ParcaeNames.ControlRole, [B] = ParcaeNames.WorkerRole, [C] = null };
        Assert.Equal([A], ControlFirstPlacementDirector.Best([B, A, C], roles.GetValueOrDefault));
        Assert.Equal([C], ControlFirstPlacementDirector.Best([B, C], roles.GetValueOrDefault));
        Assert.Equal([B], ControlFirstPlacementDirector.Best([B], roles.GetValueOrDefault));
    }

    [Fact]
    public async Task Grains_live_on_control_silos_and_a_worker_silo_that_dies_takes_only_its_instance_along()
    {
        await using var cluster = new ParcaeCluster(
            name => name.EndsWith('0') ? ParcaeNames.ControlRole : ParcaeNames.WorkerRole, 1, silo => silo.AddGrainService<EchoWorker>(), fakeWorkers: false);
        await cluster.InitializeAsync();
        var control = cluster.Cluster.Silos.Single();
        var worker = await cluster.Cluster.StartAdditionalSiloAsync();
        await cluster.Cluster.WaitForLivenessToStabilizeAsync();
        var client = cluster.Cluster.Client;

        var fleet = client.GetGrain<IFleetGrain>("f");
        InstanceInfo At(SiloAddress silo, string id) => new() { Id = id, Role = InstanceRole.Worker, Silo = silo, DataPlane = new PeerEndpoint(id, "127.0.0.1", 1) };
        await fleet.Join(At(worker.SiloAddress, "far"));
        await fleet.Join(At(control.SiloAddress, "near"));
        for (int i = 0; i < 20; i++) await client.GetGrain<IJobDirectoryGrain>($"d{i}").Add("x");

        // The command reaches the service of the instance's own silo.
        Assert.Equal(worker.SiloAddress.ToString(), (await client.GetGrain<IInstanceGrain>("far").WorkerStatus("j")).InstanceId);
        Assert.Equal(control.SiloAddress.ToString(), (await client.GetGrain<IInstanceGrain>("near").WorkerStatus("j")).InstanceId);

        // Orleans' own grains (subscriptions, queues) stay on control silos too; only its per-silo services are everywhere.
        var statistics = await client.GetGrain<IManagementGrain>(0).GetDetailedGrainStatistics(null, null, TestContext.Current.CancellationToken);
        Assert.True(statistics.Length >= 23);
        Assert.All(statistics.Where(s => !s.GrainId.IsSystemTarget()), s => Assert.Equal(control.SiloAddress, s.SiloAddress));

        await cluster.Kill(worker);
        await cluster.Disk.When<InstanceState>("far", s => s.Record!.Phase == InstancePhase.Gone).WaitAsync(Patience.Long, TestContext.Current.CancellationToken);
        var lost = (await fleet.ReadLog(0, 10))[^1];
        Assert.Equal((AvailabilityKind.Lost, "far", false), (lost.Kind, lost.InstanceId, lost.Announced));
    }

    /// <summary>A grain service that says where it is.</summary>
    internal sealed class EchoWorker(GrainId id, Silo silo, Microsoft.Extensions.Logging.ILoggerFactory logs, ILocalSiloDetails here)
        : GrainService(id, silo, logs), IGpuWorkerService
    {
        public Task<WorkerStatus> WorkerStatus(string jobId) => Task.FromResult(new WorkerStatus { InstanceId = here.SiloAddress.ToString(), Phase = WorkerPhase.Idle });

        public Task<PrepareReport> Prepare(PrepareCommand command) => throw new NotSupportedException();

        public Task<ShadowReport> Shadow(ShadowCommand command) => throw new NotSupportedException();

        public Task Switch(SwitchCommand command) => throw new NotSupportedException();

        public Task<HaltReport> Halt(HaltCommand command) => throw new NotSupportedException();

        public Task<ModelOutline> Describe(JobSpec spec) => throw new NotSupportedException();

        public Task<int> Checkpoint(string jobId) => throw new NotSupportedException();

        public Task<JobCheckpoint[]> Checkpoints(string jobId) => throw new NotSupportedException();

        public Task<CheckpointPiece> ReadCheckpoint(string jobId, int step, long offset, int count) => throw new NotSupportedException();

        public Task Inject(FaultOrder? order) => throw new NotSupportedException();

        public Task Vanish(VanishOrder order) => throw new NotSupportedException();

        public Task Release(string jobId, int generation) => throw new NotSupportedException();
    }
}
