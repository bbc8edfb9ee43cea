using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Orleans.Configuration;
using Orleans.Hosting;
using Orleans.Runtime.MembershipService.SiloMetadata;
using Orleans.Storage;
using Orleans.TestingHost;
using Parcae.Grains.Fleet;
using Parcae.Grains.Hosting;
using Parcae.Grains.Jobs.Planning;

namespace Parcae.Grains.Tests.Support;

/// <summary>A cluster in this process, set up as the silos are, with faked workers and a storage that outlives its silos.</summary>
public class ParcaeCluster : IAsyncLifetime
{
    private readonly InProcessTestCluster _cluster;

    public ParcaeCluster() : this(_ => ParcaeNames.ControlRole, 1)
    {
    }

    internal ParcaeCluster(
        Func<string, string> role, short silos, Action<ISiloBuilder>? more = null, TimeSpan? interval = null, bool streams = true, bool fakeWorkers = true, TimeSpan? poll = null)
    {
        var builder = new InProcessTestClusterBuilder(silos);
        builder.ConfigureSilo((options, silo) =>
        {
            silo.UseSiloMetadata(new Dictionary<string, string> { [ParcaeNames.RoleKey] = role(options.SiloName) });
            silo.AddActivityPropagation();
            silo.Services.AddSingleton<IJobPlannerFactory, TablePlannerFactory>();
            more?.Invoke(silo);
            if (fakeWorkers) silo.Services.AddSingleton<IGpuWorkerDirectory>(Workers);
            silo.AddParcaeGrains(
                fleet =>
                {
                    fleet.Interval = interval ?? TimeSpan.FromSeconds(60);
                    fleet.CheckPeriod = TimeSpan.FromMilliseconds(100);
                    fleet.UnknownSiloGrace = TimeSpan.FromDays(1);
                },
                jobs =>
                {
                    jobs.DescribePatience = TimeSpan.FromMilliseconds(300);
                    jobs.HaltTimeout = TimeSpan.FromSeconds(2);
                    jobs.SuspectTimeout = TimeSpan.FromMilliseconds(200);
                    jobs.SwitchTimeout = TimeSpan.FromSeconds(2);
                    jobs.VaultTimeout = TimeSpan.FromMilliseconds(500);
                    jobs.VaultRetry = TimeSpan.FromMilliseconds(500);
                    jobs.PollPeriod = poll ?? TimeSpan.FromMilliseconds(100);
                    jobs.SavePeriod = TimeSpan.FromMilliseconds(100);
                });
            silo.Services.AddSingleton(Points);
            silo.Services.AddSingleton<IOutgoingGrainCallFilter, CallPoints>();
            foreach (string name in (string[])[ParcaeNames.Storage, "PubSubStore"])
            {
                silo.Services.AddKeyedSingleton<IGrainStorage>(name, (s, _) =>
                {
                    var here = s.GetRequiredService<ILocalSiloDetails>();
                    return new SharedStorage(Disk, s.GetRequiredService<IGrainStorageSerializer>(), (grain, what) => Points.Pass(here.SiloAddress, grain, what));
                });
            }

            if (streams) silo.AddMemoryStreams(ParcaeNames.StreamProvider);
            silo.Configure<ClusterMembershipOptions>(o =>
            {
                o.ProbeTimeout = o.MaxProbeTimeout = TimeSpan.FromMilliseconds(500);
                o.NumMissedProbesLimit = 2;
                o.NumVotesForDeathDeclaration = 1;
                o.ExtendProbeTimeoutDuringDegradation = false;
                o.EnableIndirectProbes = false;
            });
        });
        builder.ConfigureSiloHost((_, host) => host.Logging.SetMinimumLevel(LogLevel.Warning));
        builder.ConfigureClient(client => client.AddMemoryStreams(ParcaeNames.StreamProvider).AddActivityPropagation());
        _cluster = builder.Build();
    }

    public StorageDisk Disk { get; } = new();

    public FakeWorkers Workers { get; } = new();

    /// <summary>Where grains wait for something.</summary>
    public AwaitPoints Points { get; } = new();

    public InProcessTestCluster Cluster => _cluster;

    /// <summary>Ends a silo as a crash would.</summary>
    public Task Kill(InProcessSiloHandle silo) => _cluster.KillSiloAsync(silo, TestContext.Current.CancellationToken);

    /// <summary>Ends the silo that the grain is on.</summary>
    public Task KillHostOf(IAddressable grain) => Kill(HostOf(grain));

    /// <summary>Whether the grain is active on some silo.</summary>
    public bool IsActive(IAddressable grain) => _cluster.TryGetGrainContext(grain.GetGrainId(), out _);

    /// <summary>The silo that the grain is on.</summary>
    public InProcessSiloHandle HostOf(IAddressable grain) => _cluster.TryGetGrainContext(grain.GetGrainId(), out var context)
        ? _cluster.Silos.Single(s => s.SiloAddress == context.Address.SiloAddress)
        : throw new InvalidOperationException("The grain is not active.");

    /// <summary>A job of its own, on a fleet of its own.</summary>
    public FakeWorld World() => new(_cluster.Client, Workers, Disk);

    /// <summary>A job of its own that trains.</summary>
    /// <param name="table">Its plans, as in <see cref="TablePlanner"/>.</param>
    /// <param name="vault">Whether it has a state vault.</param>
    /// <param name="instances">Its workers.</param>
    public async Task<FakeWorld> Training(string table, bool vault, params string[] instances)
    {
        var world = World();
        if (vault) await world.JoinVault();
        await world.Join(instances);
        await world.Job.Submit(world.Spec(table, vault: vault));
        await world.Trains(_ => true);
        return world;
    }

    /// <summary>Returns when the job has looked at everything that it has heard of by now.</summary>
    public async Task Settled(FakeWorld world) => await ((Parcae.Grains.Jobs.JobGrain)Context(world).GrainInstance!).Settled;

    /// <summary>Hands an event to the job as its stream does.</summary>
    public Task Deliver(FakeWorld world, AvailabilityEvent e)
    {
        var context = Context(world);
        var taken = new TaskCompletionSource<Task>(TaskCreationOptions.RunContinuationsAsynchronously);
        context.Scheduler.QueueAction(() => taken.SetResult(((Parcae.Grains.Jobs.JobGrain)context.GrainInstance!).OnAvailability(e)));
        return taken.Task.Unwrap();
    }

    private IGrainContext Context(FakeWorld world) =>
        _cluster.TryGetGrainContext(world.Job.GetGrainId(), out var context) ? context : throw new InvalidOperationException("The job is not active.");

    public async ValueTask InitializeAsync() => await _cluster.DeployAsync();

    public async ValueTask DisposeAsync()
    {
        // Calls to workers that hang on purpose would keep a graceful stop waiting.
        foreach (var silo in _cluster.Silos) await _cluster.KillSiloAsync(silo, CancellationToken.None);
        await _cluster.DisposeAsync();
        GC.SuppressFinalize(this);
    }
}
