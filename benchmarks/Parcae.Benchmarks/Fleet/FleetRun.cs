using System.Diagnostics;
using System.Net;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Orleans.Configuration;
using Orleans.Hosting;
using Orleans.Runtime.MembershipService.SiloMetadata;
using Parcae.Cli.Demo.Processes;
using Parcae.Grains;
using Parcae.Grains.Fleet;
using Parcae.Grains.Hosting;
using StackExchange.Redis;

namespace Parcae.Benchmarks.Fleet;

/// <summary>One fleet of some size in this process: a control silo with the grains as they are, simulated workers, and the store as a process of its own.</summary>
internal sealed class FleetRun(int instances, string redis)
{
    private const int EventsPerSecond = 50;

    /// <summary>Of so many events one is a loss without a notice.</summary>
    private const int UnannouncedEvery = 99;

    private static readonly TimeSpan Step = TimeSpan.FromMilliseconds(500), Length = TimeSpan.FromSeconds(30), Patience = TimeSpan.FromMinutes(5);

    private readonly SimulatedFleet _workers = new(Step, 10e9);
    private readonly string _name = $"fleet-{instances}";

    /// <summary>Runs it.</summary>
    public async Task<FleetFigures> RunAsync(CancellationToken cancellation)
    {
        using var host = BuildHost();
        await host.StartAsync(cancellation);
        var grains = host.Services.GetRequiredService<IGrainFactory>();
        var silo = host.Services.GetRequiredService<ILocalSiloDetails>().SiloAddress;
        var (fleet, job) = (grains.GetGrain<IFleetGrain>(_name), grains.GetGrain<IJobGrain>(_name));
        long before = Memory();

        var watch = Stopwatch.StartNew();
        var there = new List<string>();
        for (int i = 0; i < instances; i++)
        {
            var worker = _workers.Add(silo);
            there.Add(worker.Id);
            await fleet.Join(worker.Info);
        }

        double joins = watch.Elapsed.TotalSeconds;
        await job.Submit(FleetJob.Spec with { Fleet = _name });
        using var ends = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        var training = _workers.TrainAsync(job, FleetJob.Spec.Training.GlobalBatch, ends.Token);
        await Until(job, s => s is { Phase: JobPhase.Training, CommittedStep: > 5 });
        double firstPlan = watch.Elapsed.TotalSeconds - joins;
        long memory = Memory() - before;

        var cpu = Process.GetCurrentProcess().TotalProcessorTime;
        var latencies = await Storm(fleet, job, silo, there, cancellation);
        cpu = Process.GetCurrentProcess().TotalProcessorTime - cpu;
        var status = await job.Status();
        var history = await job.History(0);
        await ends.CancelAsync();
        await training;
        await host.StopAsync(cancellation);
        return new FleetFigures(
            instances, joins / instances, firstPlan, memory / (double)instances, [.. latencies.Order()], cpu.TotalSeconds / latencies.Count, history.Generations.Length, status.Plan!.Pipelines, status.Plan.Depth, status.Ledger.SamplesLost,
            status.Ledger.SamplesRepeated);
    }

    /// <summary>Notices, joins and the announced losses in turn, now and then a loss without a notice; for each that changes what can be planned with, the seconds until it was planned for.</summary>
    private async Task<List<double>> Storm(IFleetGrain fleet, IJobGrain job, SiloAddress silo, List<string> there, CancellationToken cancellation)
    {
        var random = new Random(1);
        Queue<string> noticed = [], free = [];
        var waiting = new List<(string Id, bool Joins, long At)>();
        var latencies = new List<double>();
        var watch = Stopwatch.StartNew();
        var calls = new List<Task>();
        int events = (int)(EventsPerSecond * Length.TotalSeconds);
        for (int i = 0; i < events || waiting.Count > 0;)
        {
            for (; i < events && i < watch.Elapsed.TotalSeconds * EventsPerSecond; i++)
            {
                string id;
                switch (i % 3)
                {
                    case 0 when there.Count > 0:
                        lock (there)
                        {
                            id = there[random.Next(there.Count)];
                            there.Remove(id);
                        }

                        // Gone again before it was planned with: nobody waits for that any more.
                        waiting.RemoveAll(w => w.Id == id);
                        if (i % UnannouncedEvery == 0)
                        {
                            _workers.Kill(id);
                            calls.Add(fleet.Lost(id, "simulated loss"));
                        }
                        else
                        {
                            noticed.Enqueue(id);
                            calls.Add(fleet.Notice(id, TimeSpan.FromMinutes(2), "simulated"));
                        }

                        waiting.Add((id, false, Stopwatch.GetTimestamp()));
                        break;
                    case 1:
                        var worker = _workers.Add(silo);
                        calls.Add(JoinAsync(worker));
                        waiting.Add((worker.Id, true, Stopwatch.GetTimestamp()));
                        break;
                    case 2 when free.TryDequeue(out var gone):
                        _workers.Kill(gone);
                        calls.Add(fleet.Lost(gone, "simulated preemption"));
                        break;
                }
            }

            var status = await job.Status();
            if (status is { Phase: JobPhase.Training, Plan: { } plan })
            {
                var placed = plan.Places.Select(p => p.Peer.InstanceId).ToHashSet(StringComparer.Ordinal);
                var known = status.Spares.Concat(placed).ToHashSet(StringComparer.Ordinal);
                foreach (var e in waiting.Where(e => e.Joins ? known.Contains(e.Id) : !placed.Contains(e.Id)).ToArray())
                {
                    latencies.Add(Stopwatch.GetElapsedTime(e.At).TotalSeconds);
                    waiting.Remove(e);
                }

                // What was announced may happen once the plan does without it.
                while (noticed.TryPeek(out var leaver) && !placed.Contains(leaver)) free.Enqueue(noticed.Dequeue());
            }

            if (watch.Elapsed > Length + Patience) throw new TimeoutException($"{waiting.Count} of {events} events were not planned for {Patience.TotalMinutes:0} minutes after the last: {string.Join(", ", waiting.Take(5))}.");
            await Task.Delay(50, cancellation);
        }

        await Task.WhenAll(calls);
        return latencies;

        async Task JoinAsync(SimulatedWorker worker)
        {
            await fleet.Join(worker.Info);
            lock (there) there.Add(worker.Id);
        }
    }

    private IHost BuildHost()
    {
        var builder = Host.CreateEmptyApplicationBuilder(new HostApplicationBuilderSettings { DisableDefaults = true });
        if (Environment.GetEnvironmentVariable("PARCAE_FLEET_LOG") == "1") builder.Logging.AddSimpleConsole(c => c.SingleLine = true).SetMinimumLevel(LogLevel.Warning).AddFilter("Parcae", LogLevel.Information);
        builder.Services.AddSingleton<IGpuWorkerDirectory>(_workers);
        var options = ConfigurationOptions.Parse(redis);
        int[] ports = [.. Enumerable.Range(0, 2).Select(_ => FreePorts.Next())];
        builder.UseOrleans(silo => silo
            .UseRedisClustering(o => o.ConfigurationOptions = options)
            .AddRedisGrainStorage(ParcaeNames.Storage, o => (o.ConfigurationOptions, o.DeleteStateOnClear) = (options, true))
            .AddRedisGrainStorage("PubSubStore", o => o.ConfigurationOptions = options)
            .AddMemoryStreams(ParcaeNames.StreamProvider, s => s.ConfigurePartitioning(1))
            .UseSiloMetadata(new Dictionary<string, string> { [ParcaeNames.RoleKey] = ParcaeNames.ControlRole })
            .AddParcaeGrains()
            .Configure<EndpointOptions>(o => (o.AdvertisedIPAddress, o.SiloPort, o.GatewayPort) = (IPAddress.Loopback, ports[0], ports[1]))
            .Configure<ClusterOptions>(o => o.ClusterId = o.ServiceId = _name));
        return builder.Build();
    }

    private static long Memory() => GC.GetTotalMemory(forceFullCollection: true);

    private static async Task Until(IJobGrain job, Func<JobStatus, bool> condition)
    {
        for (var waited = Stopwatch.StartNew(); ; await Task.Delay(50))
        {
            var status = await job.Status();
            if (condition(status)) return;
            if (waited.Elapsed > Patience) throw new TimeoutException($"The job is {status.Phase} ({status.Reason}) at step {status.CommittedStep} after {Patience.TotalMinutes:0} minutes.");
        }
    }
}

/// <summary>What was measured with a fleet of some size.</summary>
/// <param name="Instances">Its size.</param>
/// <param name="JoinSeconds">A join, durable, one after the other.</param>
/// <param name="FirstPlanSeconds">From the job's submission to its sixth step.</param>
/// <param name="BytesPerInstance">Managed memory of grains and simulated worker.</param>
/// <param name="Latencies">From each event to a plan that reckons with it, seconds, ascending.</param>
/// <param name="CpuSecondsPerEvent">Processor time of the whole process while events came.</param>
/// <param name="Generations">Generations in all.</param>
/// <param name="Pipelines">D at the end.</param>
/// <param name="Depth">P at the end.</param>
/// <param name="SamplesLost">Of the job's ledger.</param>
/// <param name="SamplesRepeated">Of the job's ledger.</param>
internal sealed record FleetFigures(
    int Instances, double JoinSeconds, double FirstPlanSeconds, double BytesPerInstance, double[] Latencies, double CpuSecondsPerEvent, int Generations, int Pipelines, int Depth, long SamplesLost, long SamplesRepeated)
{
    /// <summary>The latency that so many of a hundred stay below.</summary>
    public double Percentile(int percent) => Latencies[Math.Min(Latencies.Length - 1, Latencies.Length * percent / 100)];
}
