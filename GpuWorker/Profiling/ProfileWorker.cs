using System.Collections.Concurrent;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Options;
using Parcae.GpuWorker.Data;
using Parcae.GpuWorker.Models;
using Parcae.GpuWorker.Service;
using Parcae.GpuWorker.Transport;
using Parcae.Grains;
using Parcae.Grains.Profiling;

namespace Parcae.GpuWorker.Profiling;

/// <summary>A GPU worker without a silo, commanded over its process's standard input and output: for measuring alone.</summary>
public sealed class ProfileWorker : IJobReporter
{
    private readonly TextWriter _answers;
    private readonly Lock _lock = new();
    private readonly ConcurrentDictionary<int, int> _told = new();
    private Mesh? _link;

    private ProfileWorker(TextWriter answers) => _answers = answers;

    /// <summary>Says that it is ready and does what it is told until there are no more commands.</summary>
    /// <param name="instanceId">Its name.</param>
    /// <param name="threads">Torch's threads.</param>
    /// <param name="commands">A <see cref="ProfileCall"/> a line.</param>
    /// <param name="answers">A <see cref="ProfileAnswer"/> a line.</param>
    public static async Task RunAsync(string instanceId, int threads, TextReader commands, TextWriter answers)
    {
        ArgumentNullException.ThrowIfNull(commands);
        var worker = new ProfileWorker(answers);
        await using var host = new WorkerHost(
            Options.Create(new GpuWorkerOptions { InstanceId = instanceId, TorchThreads = threads }), worker, NullLoggerFactory.Instance);
        worker.Say(new ProfileAnswer { Ready = host.Endpoint });
        while (await commands.ReadLineAsync() is { } line)
        {
            var call = ProfileJson.Read<ProfileCall>(line);
            try
            {
                worker.Say(new ProfileAnswer { Id = call.Id, Result = ProfileJson.Element(await worker.Do(host, call)) });
            }
            catch (Exception e)
            {
                // The one who asked decides what it means.
                worker.Say(new ProfileAnswer { Id = call.Id, Error = e is ArgumentException or InvalidDataException ? e.Message : $"{e.GetType().Name}: {e.Message}" });
            }
        }
    }

    private async Task<object> Do(WorkerHost host, ProfileCall call)
    {
        switch (call.Name)
        {
            case ProfileCalls.Layers:
                return Layers(ProfileJson.Read<LayersCall>(call.Body), host.Device);
            case ProfileCalls.OpenLink:
                _link = host.DataPlane.OpenMesh(LinkProbe.Job, 1, ProfileJson.Read<byte[]>(call.Body));
                return true;
            case ProfileCalls.Link:
                using (var link = _link ?? throw new InvalidOperationException("The link has not been opened."))
                {
                    _link = null;
                    return LinkProbe.Run(link, ProfileJson.Read<LinkCall>(call.Body));
                }

            case ProfileCalls.Prepare:
                return await host.Prepare(ProfileJson.Read<PrepareCommand>(call.Body));
            case ProfileCalls.Switch:
                await host.Switch(ProfileJson.Read<SwitchCommand>(call.Body));
                return true;
            case ProfileCalls.Release:
                await host.Release(ProfileJson.Read<string>(call.Body), int.MaxValue);
                return ResidentMemory.TakePeak();
            default:
                throw new ArgumentException($"There is no command '{call.Name}'.");
        }
    }

    private static LayersAnswer Layers(LayersCall call, TorchSharp.torch.Device device)
    {
        // Finds out first whether the job can be run at all, with messages of its own.
        var spec = call.Spec;
        _ = ModelDescriber.Describe(spec with { Planning = spec.Planning with { LayerTimes = "estimated" } });
        var model = ModelFactory.Create(spec.Model);
        using var batches = BatchSources.Open(spec);
        using var batch = batches.MicroBatch(0, 0);
        var times = LayerTimer.Measure(model, spec.Training, batch, new LayerTimingLimits { Budget = TimeSpan.FromSeconds(call.BudgetSeconds), Runs = 15, Update = true }, device);
        return new LayersAnswer(ModelDescriber.Outline(model, spec.Training, times), [.. times.Select(t => t?.UpdateSeconds)]);
    }

    /// <inheritdoc/>
    Task<StepAck> IJobReporter.ReportStepsAsync(string jobId, StepReport report)
    {
        if (report.Results.Length > 0)
        {
            Say(new ProfileAnswer { Report = report });
            _told[report.Generation] = report.Results[^1].Step + 1;
        }

        return Task.FromResult(new StepAck(report.Generation, _told.GetValueOrDefault(report.Generation)));
    }

    /// <inheritdoc/>
    Task IJobReporter.ReportBrokenAsync(string jobId, BrokenReport report)
    {
        Say(new ProfileAnswer { Broken = report });
        return Task.CompletedTask;
    }

    private void Say(ProfileAnswer answer)
    {
        lock (_lock)
        {
            _answers.WriteLine(ProfileJson.Line(answer));
            _answers.Flush();
        }
    }
}
