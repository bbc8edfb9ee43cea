using Parcae.Cli.Demo.Processes;
using Parcae.Client;
using Parcae.Grains;
using Xunit;

namespace Parcae.EndToEnd;

/// <summary>A service as one would deploy it, with three on-demand workers that allow replays: a store, a control silo and the workers, all processes of their own.</summary>
public sealed class ReplayService : IAsyncLifetime
{
    private readonly ProcessSupervisor _processes = new();
    private readonly Dictionary<string, ChildProcess> _workers = [];
    private SiloCommandLine? _commands;
    private ChildProcess? _control;
    private ParcaeClient? _client;

    /// <summary>Its workers.</summary>
    public static IReadOnlyList<string> Workers { get; } = ["od-1", "od-2", "od-3"];

    /// <summary>Where everything of it lies.</summary>
    public string Folder { get; } = Directory.CreateTempSubdirectory("parcae-replay-").FullName;

    /// <summary>Its Redis.</summary>
    public string Redis { get; private set; } = "";

    /// <summary>Where its control silo answers HTTP.</summary>
    public int HttpPort { get; private set; }

    /// <summary>A client of it.</summary>
    public ParcaeClient Client => _client!;

    /// <summary>Whether every worker is the process that was started first.</summary>
    public bool AllLive => _workers.Values.All(w => !w.Exited.IsCompleted);

    public async ValueTask InitializeAsync()
    {
        string silo = SiloLocator.Find(null, AppContext.BaseDirectory, Environment.GetEnvironmentVariable(SiloLocator.Variable));
        var commands = _commands = new SiloCommandLine(SiloLocator.DotnetHost(), silo, AllowReplay: true);
        int redis = FreePorts.Next();
        Redis = $"127.0.0.1:{redis}";
        await _processes.Start("store", commands.Store(redis, Path.Combine(Folder, "store")), Log("store"), StopOrder.Store).Ready.WaitAsync(Patience.Long);
        await BringControlBackAsync();
        foreach (string id in Workers) _workers.Add(id, _processes.Start(id, commands.Worker(id, Redis, FreePorts.Next()), Log(id), StopOrder.Workers));
        await Task.WhenAll(_workers.Values.Select(w => w.Ready)).WaitAsync(Patience.Long);
        _client = await ParcaeClient.ConnectAsync(new ParcaeClientOptions { Redis = Redis });
    }

    /// <summary>Kills the control silo: every grain is gone, and the state vault.</summary>
    public async Task LoseControlAsync()
    {
        _control!.Kill();
        await _control.Exited;
    }

    /// <summary>Starts a control silo.</summary>
    public async Task BringControlBackAsync()
    {
        _control = _processes.Start(
            "control-1", _commands!.Control("control-1", Redis, FreePorts.Next(), FreePorts.Next(), HttpPort = FreePorts.Next(), 4, Path.Combine(Folder, "checkpoints")), Log("control-1"), StopOrder.Control);
        await _control.Ready.WaitAsync(Patience.Long);
    }

    /// <summary>A job that uses every worker that it gets, until it is told to finish.</summary>
    public static JobSpec Spec(string name) => new()
    {
        Name = name,
        Model = new ModelSpec { Blocks = 4, Hidden = 64, Heads = 2, SequenceLength = 64 },
        Data = new DataSpec { Kind = "synthetic" },
        Training = new TrainingSpec { GlobalBatch = 16, MicroBatches = 8, Seed = 5 },
        // Slow machines by estimate: the planner uses all, whatever else this one does.
        Planning = new PlanningSpec { FlopsPerSecond = 1e9, LinkBytesPerSecond = 10e9, LayerTimes = "estimated" },
    };

    /// <summary>Submits a job and waits until it trains on all workers. What a failed test has left behind is cancelled first: it would have a share of them.</summary>
    public async Task<string> TrainingAsync(string name)
    {
        foreach (string left in await Client.ListJobsAsync()) await Client.CancelAsync(left);
        string id = await Client.SubmitAsync(Spec(name));
        await UntilAsync(async () => await Client.GetStatusAsync(id) is { Phase: JobPhase.Training, Plan: { } plan, CommittedStep: > 5 } && Workers.All(w => plan.Of(w) is not null), $"{id} trains");
        return id;
    }

    /// <summary>Completes a job; all of it.</summary>
    public async Task<JobHistory> FinishAsync(string id)
    {
        await Client.FinishAsync(id);
        await UntilAsync(async () => (await Client.GetStatusAsync(id)).Phase == JobPhase.Completed, $"{id} is completed");
        return await Client.GetHistoryAsync(id);
    }

    /// <summary>The losses of the same job on one worker that nobody disturbs.</summary>
    public async Task<double[]> UndisturbedAsync(int steps)
    {
        var spec = Spec("undisturbed");
        string id = await Client.SubmitAsync(spec with { Training = spec.Training with { Steps = steps, Vault = false }, Planning = spec.Planning with { MaxInstances = 1 } });
        await UntilAsync(async () => (await Client.GetStatusAsync(id)).Phase == JobPhase.Completed, $"{id} is completed");
        return [.. (await Client.GetHistoryAsync(id)).Steps.Select(s => s.Loss)];
    }

    /// <summary>The silo of each worker that is usable now: another one after each absence.</summary>
    public async Task<Dictionary<string, string>> SilosAsync() => (await Client.GetFleetAsync()).Instances
        .Where(i => i is { Info.Role: InstanceRole.Worker, Phase: InstancePhase.Ready or InstancePhase.Assigned }).ToDictionary(i => i.Info.Id, i => $"{i.Info.Silo}");

    /// <summary>Waits until something is so.</summary>
    public static async Task UntilAsync(Func<Task<bool>> isSo, string what)
    {
        long begin = TimeProvider.System.GetTimestamp();
        while (!await isSo())
        {
            Assert.True(TimeProvider.System.GetElapsedTime(begin) < Patience.Long, $"For {Patience.Long.TotalMinutes:0} minutes it has not been so that {what}.");
            await Task.Delay(100);
        }
    }

    private string Log(string id) => Path.Combine(Folder, $"{id}.log");

    public async ValueTask DisposeAsync()
    {
        if (_client is not null) await _client.DisposeAsync();
        await _processes.StopAsync(TimeSpan.FromSeconds(3));
        await _processes.DisposeAsync();
        Directory.Delete(Folder, recursive: true);
    }
}
