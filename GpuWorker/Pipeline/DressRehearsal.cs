using System.Security.Cryptography;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;
using Parcae.GpuWorker.Faults;
using Parcae.GpuWorker.Native;
using Parcae.GpuWorker.Service;
using Parcae.GpuWorker.Transport;
using Parcae.Grains;
using Parcae.Grains.Security;
using static TorchSharp.torch;

namespace Parcae.GpuWorker.Pipeline;

/// <summary>
/// A whole generation in miniature, in this process alone: four stage replicas (2 x 2) of a tiny model on loopback connections are prepared, switched, train and are halted. An instance that takes its first part in a job goes
/// through it once while others train, so that the code of a switch is compiled when its own switch comes and all wait for it. Nothing of it is seen: no job hears of it and nothing is kept.
/// </summary>
internal static partial class DressRehearsal
{
    private const string JobId = "dress-rehearsal";
    private static readonly Lock Once = new();
    private static Task? _done;

    /// <summary>Goes through it, the first time it is called in a process; completes when that has been done. Never fails: an instance that could not rehearse is slower the first time.</summary>
    public static Task OnceAsync(MutualTls? tls, ILogger logger)
    {
        lock (Once)
        {
            // On a thread of its own, which gives way, as do those that it starts.
            return _done ??= Task.Factory.StartNew(() => Run(tls, logger), CancellationToken.None, TaskCreationOptions.LongRunning, TaskScheduler.Default);
        }
    }

    private static void Run(MutualTls? tls, ILogger logger)
    {
        try
        {
            BackgroundThread.GiveWay();
            PlayAsync(tls).GetAwaiter().GetResult();
        }
        catch (Exception e)
        {
            LogFailed(logger, e);
        }
    }

    /// <summary>Plays it.</summary>
    /// <param name="tls">What connections between instances are encrypted with; null: nothing.</param>
    /// <returns>What each replica said when it was halted.</returns>
    internal static async Task<HaltReport[]> PlayAsync(MutualTls? tls)
    {
        var players = Enumerable.Range(0, 4).Select(i => new Player($"player-{i}", tls)).ToArray();
        try
        {
            LayerRange[] stages = [new(0, 1), new(1, 2)];
            var plan = new GenerationPlan
            {
                JobId = JobId,
                Generation = 1,
                Pipelines = 2,
                Depth = stages.Length,
                Stages = stages,
                Places = [.. players.Select((p, i) => new Place(i / stages.Length, i % stages.Length, p.Endpoint))],
                StartStep = 0,
            };
            var prepare = new PrepareCommand
            {
                Plan = plan,
                Spec = new JobSpec
                {
                    Model = new ModelSpec { Blocks = 1, Hidden = 8, Heads = 2, SequenceLength = 8, Vocabulary = 16 },
                    Data = new DataSpec { Kind = "synthetic", SyntheticSamples = 16 },
                    Training = new TrainingSpec { GlobalBatch = 4, MicroBatches = 4, Vault = false, Collectives = "sockets" },
                },
                Salt = RandomNumberGenerator.GetBytes(32),
                Sources = [.. Enumerable.Range(0, stages[^1].End).Select(layer => new LayerSource(layer, []))],
            };
            await Task.WhenAll(players.Select(p => p.Worker.PrepareAsync(prepare)));
            await Task.WhenAll(players.Select(p => p.Worker.SwitchAsync(new SwitchCommand(JobId, plan.Generation, plan.StartStep))));
            return await Task.WhenAll(players.Select(p => p.Worker.HaltAsync(new HaltCommand(JobId, plan.Generation + 1, HaltMode.AtBoundary, 0))));
        }
        finally
        {
            foreach (var player in players) await player.DisposeAsync();
        }
    }

    /// <summary>One replica with a data plane of its own. On the CPU: what a GPU needs the first time is the <see cref="Rehearsal"/>'s.</summary>
    private sealed class Player : IJobReporter, IAsyncDisposable
    {
        private const string Loopback = "127.0.0.1";
        private readonly string _id;
        private readonly DataPlane _plane;
        private readonly FaultInjector _faults;

        public Player(string id, MutualTls? tls)
        {
            _id = id;
            _plane = DataPlane.Listen(new DataPlaneOptions { BindAddress = Loopback, Tls = tls }, id, NullLogger.Instance);
            _faults = new FaultInjector(enabled: false, _plane);
            Worker = new StageWorker(JobId, id, _plane, CPU, this, _faults, NullLogger.Instance);
        }

        public StageWorker Worker { get; }

        public PeerEndpoint Endpoint => new(_id, Loopback, _plane.Port);

        public Task<StepAck> ReportStepsAsync(string jobId, StepReport report) =>
            Task.FromResult(new StepAck(report.Generation, report.Results.Length > 0 ? report.Results[^1].Step + 1 : 0));

        public Task ReportBrokenAsync(string jobId, BrokenReport report) => Task.CompletedTask;

        public async ValueTask DisposeAsync()
        {
            await Worker.DisposeAsync();
            await _plane.DisposeAsync();
            _faults.Dispose();
        }
    }

    [LoggerMessage(Level = LogLevel.Warning, Message = "A generation in miniature failed; this instance's first reconfiguration takes longer.")]
    private static partial void LogFailed(ILogger logger, Exception e);
}
