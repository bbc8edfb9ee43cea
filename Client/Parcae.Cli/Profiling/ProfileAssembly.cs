using Parcae.Cli.Commands;
using Parcae.Grains.Profiling;
using Parcae.Liveput.Costs.Constants;
using Parcae.Liveput.Profiles;

namespace Parcae.Cli.Profiling;

/// <summary>
/// Makes a profile of measurements: what was run stands in it as measured, every other strategy that fits is computed from the layers, and corrected by what the runs took longer (or less) than
/// they would have by the same computation: planning compares the two kinds with each other.
/// </summary>
internal sealed class ProfileAssembly
{
    private readonly ProfileRequest _request;
    private readonly ProfileMeasurements _measured;
    private readonly LayerCost[] _layers;
    private readonly StepTimeModel _model;

    /// <summary>Takes measurements in.</summary>
    public ProfileAssembly(ProfileRequest request, ProfileMeasurements measured)
    {
        (_request, _measured) = (request, measured);
        var spec = request.Spec;
        _layers = [.. measured.Outline.Layers.Zip(measured.UpdateSeconds, (l, update) =>
            new LayerCost(l.Length, l.ForwardFlops, l.ActivationBytes, l.OutputBytes, l.ForwardSeconds, l.BackwardSeconds, update))];
        _model = new StepTimeModel(
            _layers, spec.Training.GlobalBatch, spec.Training.MicroBatches, new AcceleratorSpec(spec.Planning.MemoryBytes, spec.Planning.FlopsPerSecond, LinkBytesPerSecond),
            new TrainingMode(spec.Training.OptimizerSlots, spec.Training.Recompute));
        var raw = Strategies().ToArray();
        double[] ratios = [.. raw.Where(r => r.Run is not null).Select(r => r.Run!.Value.StepSeconds / r.ComputedSeconds).Order()];
        Correction = ratios.Length == 0 ? 1 : (ratios[(ratios.Length - 1) / 2] + ratios[ratios.Length / 2]) / 2;
        Rows = [.. raw.Select(r => r with { CorrectedSeconds = r.ComputedSeconds * Correction })];
    }

    /// <summary>By what computed times of steps are multiplied: the median of measured over computed; 1 where nothing was run.</summary>
    public double Correction { get; }

    /// <summary>Bandwidth of the largest transfer, bytes per second.</summary>
    public double LinkBytesPerSecond => _measured.Links[^1].Bytes / (_measured.Links[^1].Milliseconds / 1000);

    /// <summary>Every strategy that fits, by depth, then pipelines.</summary>
    public IReadOnlyList<ProfileRow> Rows { get; }

    /// <summary>The profile.</summary>
    /// <param name="name">Of the model.</param>
    /// <param name="now">When it was measured.</param>
    /// <exception cref="CommandFailedException">No strategy fits the memory of an instance.</exception>
    public ProfileDocument ToDocument(string name, DateTimeOffset now)
    {
        var (spec, training) = (_request.Spec, _request.Spec.Training);
        if (Rows.Count == 0)
            throw new CommandFailedException($"No strategy up to {_request.MaxPipelines} x {_request.MaxDepth} fits instances of {Words.Bytes(spec.Planning.MemoryBytes)}; give --memory more, or allow a greater --max-depth.");
        return new ProfileDocument
        {
            Model = name,
            Source = Source(now),
            GlobalBatch = training.GlobalBatch,
            MicroBatch = training.MicroBatchSize,
            InstanceType = _measured.Machine,
            Optimizer = training.Optimizer,
            OptimizerStatesPerParameter = training.OptimizerSlots,
            BytesPerValue = sizeof(float),
            SequenceLength = spec.Model.TakesTokens ? spec.Model.SequenceLength : null,
            HiddenSize = spec.Model.Family is "gpt" or "bert" ? spec.Model.Hidden : null,
            Vocabulary = spec.Model.TakesTokens ? spec.Model.Vocabulary : null,
            LinkBytesPerSecond = LinkBytesPerSecond,
            TransferMs = _measured.Links.ToDictionary(l => l.Bytes, l => l.Milliseconds),
            ModelBuildMs = Rows.Select(r => r.Depth).Distinct().ToDictionary(d => d, BuildMs),
            ProcessStartMs = _measured.ProcessStartMs,
            RendezvousMs = 0,
            CheckpointMs = _measured.CheckpointMs,
            Groups = new InstanceSetup(0, 0) { ExtraMs = _measured.ConnectMs },
            Layers = [.. _layers.Select(Layer)],
            Measured = [.. Rows.Select(r => new ProfileMeasurement(r.Pipelines, r.Depth, training.GlobalBatch / r.StepSeconds, r.StepSeconds * 1000))],
        };
    }

    private IEnumerable<ProfileRow> Strategies()
    {
        for (int depth = 1; depth <= Math.Min(_request.MaxDepth, _layers.Length); depth++)
        {
            if (_model.Partition(depth) is not { } stages) continue;
            for (int pipelines = 1; pipelines <= Math.Min(_request.MaxPipelines, _request.Spec.Training.MicroBatches); pipelines++)
            {
                if (!_model.Fits(stages, pipelines)) continue;
                var run = _measured.Strategies.Where(s => s.Pipelines == pipelines && s.Depth == depth).Select(s => (StrategyTime?)s).SingleOrDefault();
                yield return new ProfileRow(pipelines, depth, _model.StepSeconds(stages, pipelines), run);
            }
        }
    }

    /// <summary>Building the stages of a depth: as measured with one pipeline, else in proportion to the largest stage.</summary>
    private double BuildMs(int depth)
    {
        if (_measured.Strategies.Where(s => s.Depth == depth).OrderBy(s => s.Pipelines).Select(s => (double?)s.BuildMs).FirstOrDefault() is { } measured) return measured;
        if (_measured.Strategies.Length == 0) return 0;
        var nearest = _measured.Strategies.OrderBy(s => Math.Abs(s.Depth - depth)).ThenBy(s => s.Pipelines).First();
        return nearest.BuildMs * Largest(depth) / Largest(nearest.Depth);

        double Largest(int of) => _model.Partition(of)!.Max(s => _layers.Skip(s.First).Take(s.Count).Sum(l => (double)l.Parameters));
    }

    private ProfileLayer Layer(LayerCost layer)
    {
        // Layers that were not measured count at the speed of those that were, as in the step model.
        var known = _layers.Where(l => l.ForwardSeconds is not null).ToArray();
        double perFlop = known.Sum(l => l.ForwardSeconds!.Value + l.BackwardSeconds!.Value) / Math.Max(1, 3 * known.Sum(l => l.ForwardFlopsPerSample));
        double forward = layer.ForwardSeconds ?? layer.ForwardFlopsPerSample * perFlop, backward = layer.BackwardSeconds ?? 2 * layer.ForwardFlopsPerSample * perFlop;
        int samples = _request.Spec.Training.MicroBatchSize;
        return new ProfileLayer(layer.Parameters, forward * samples * 1000, backward * samples * 1000, (layer.UpdateSeconds ?? 0) * 1000, layer.ActivationBytesPerSample * (double)samples / (1 << 20));
    }

    private string Source(DateTimeOffset now)
    {
        var ran = _measured.Strategies;
        int layers = _layers.Count(l => l.ForwardSeconds is not null);
        long peak = ran.Select(s => s.PeakBytes).DefaultIfEmpty(0).Max();
        return FormattableString.Invariant($"parcae profile, {now:yyyy-MM-dd}, {_request.Threads} Torch thread(s) a worker, {_request.Spec.Training.Precision}{(_request.Spec.Training.Recompute ? ", recomputing" : "")}. ")
            + $"Measured: times of {(layers == _layers.Length ? "all" : $"{layers} of")} {_layers.Length} layers alone, transfers between two processes of this machine, start of a worker's process, connecting, a write to disk"
            + (ran.Length > 0 ? $", and steps of {string.Join(", ", ran.Select(s => $"{s.Pipelines}x{s.Depth}"))} with real workers"
                + (peak > 0 ? $" (at most {Words.Bytes(peak)} resident in one)" : "") : "")
            + $". Computed: {Rows.Count - Rows.Count(r => r.Run is not null)} of {Rows.Count} strategies by the 1F1B step model from the layers and the link{(ran.Length > 0 ? FormattableString.Invariant($", times {Correction:0.00}, the median of measured over computed") : "")}; building at depths that were not run. As the model states it: activations."
            + " Not measured: membership of a cluster.";
    }
}

/// <summary>A strategy of a profile.</summary>
/// <param name="Pipelines">D.</param>
/// <param name="Depth">P.</param>
/// <param name="ComputedSeconds">Time of a step by the step model alone.</param>
/// <param name="Run">What was measured, or null.</param>
internal sealed record ProfileRow(int Pipelines, int Depth, double ComputedSeconds, StrategyTime? Run)
{
    /// <summary>The same corrected by what runs showed.</summary>
    public double CorrectedSeconds { get; init; } = ComputedSeconds;

    /// <summary>Time of a step: measured where it was, else computed and corrected.</summary>
    public double StepSeconds => Run?.StepSeconds ?? CorrectedSeconds;
}
