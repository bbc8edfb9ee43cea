using System.Diagnostics;
using Parcae.GpuWorker.Collectives;
using Parcae.GpuWorker.Data;
using Parcae.GpuWorker.Models;
using Parcae.Grains;
using TorchSharp;
using static TorchSharp.torch;

namespace Parcae.GpuWorker.Numerics;

/// <summary>
/// Trains the whole model in one process and one thread, along any plan: the undisturbed run that every distributed one must equal to the
/// last bit.
/// </summary>
public sealed class LocalTrainer : IDisposable
{
    private readonly TrainingSpec _training;
    private readonly IBatchSource _batches;
    private readonly StageCompute[] _stages;
    private readonly TreeMerge _merge;
    private readonly TreeSink[] _pipelines;
    private readonly IReadOnlyList<TiedPair> _ties;
    private readonly Device _device;

    /// <summary>Makes ready to train.</summary>
    /// <param name="model">The model.</param>
    /// <param name="training">Batch and optimizer.</param>
    /// <param name="batches">The data; it stays the caller's.</param>
    /// <param name="stages">The stages, together all layers in order; null: one stage.</param>
    /// <param name="pipelines">D: into how many blocks the micro-batches are dealt.</param>
    /// <param name="states">Where to begin, one state per layer, all at one version and on one device, which become this object's; null: at version 0, from the seed.</param>
    /// <param name="device">Without states: where to compute, as <see cref="Service.ComputeDevice"/> chooses it; null: the CPU.</param>
    public LocalTrainer(
        IStagedModel model, TrainingSpec training, IBatchSource batches,
        IReadOnlyList<LayerRange>? stages = null, int pipelines = 1, IReadOnlyList<LayerState>? states = null, Device? device = null)
    {
        ArgumentNullException.ThrowIfNull(model);
        ArgumentNullException.ThrowIfNull(training);
        ArgumentNullException.ThrowIfNull(batches);
        (_training, _batches, _ties) = (training, batches, TiedPair.Of(model));
        stages ??= [new LayerRange(0, model.LayerCount)];
        States = states ?? [.. Enumerable.Range(0, model.LayerCount).Select(layer => LayerState.Initialize(model, layer, training, device))];
        _device = States[0].Parameters.device;
        _stages = [.. stages.Select(s => new StageCompute(model, s, [.. States.Skip(s.First).Take(s.Count)], training))];
        _merge = new TreeMerge(training.MicroBatches, pipelines);
        _pipelines = [.. Enumerable.Range(0, pipelines).Select(pipeline =>
            new TreeSink(States.Select(s => s.Layout), GenerationPlan.Block(training.MicroBatches, pipelines, pipeline), training.MicroBatches, _device))];
    }

    /// <summary>The layers.</summary>
    public IReadOnlyList<LayerState> States { get; }

    /// <summary>Steps applied.</summary>
    public int Version => States[0].Version;

    /// <summary>Trains one step.</summary>
    public StepResult Step()
    {
        var clock = Stopwatch.StartNew();
        using var scope = NewDisposeScope();
        int step = Version;
        double? validation = _training.EvaluateEvery > 0 && step % _training.EvaluateEvery == 0 ? Validate() : null;
        double loss = 0;
        ulong checksum = 0;
        int samples = 0;
        foreach (var sink in _pipelines)
        {
            for (int microBatch = sink.From; microBatch < sink.To; microBatch++)
            {
                using var batch = _batches.MicroBatch(step, microBatch);
                loss += MicroBatch(step, microBatch, batch, sink);
                checksum += batch.Checksum;
                samples += batch.Samples;
            }
        }

        double norm = Update();
        return new StepResult(step, loss / _training.MicroBatches, norm, checksum, samples, clock.Elapsed.TotalSeconds, validation);
    }

    /// <summary>Mean loss of the validation samples that the job measures, with the parameters as they are.</summary>
    public double Validate()
    {
        double loss = 0;
        for (int microBatch = 0; microBatch < _training.EvaluationBatches; microBatch++)
        {
            using var scope = NewDisposeScope();
            using var batch = _batches.Validation(microBatch);
            var output = new StageOutput(OnDevice(batch.Inputs), 0);
            foreach (var stage in _stages) output = stage.Evaluate(output.Output!, stage == _stages[^1] ? OnDevice(batch.Targets) : null);
            loss += output.Loss;
        }

        return loss / _training.EvaluationBatches;
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        foreach (var stage in _stages) stage.Dispose();
        foreach (var pipeline in _pipelines) pipeline.Dispose();
        foreach (var state in States) state.Dispose();
    }

    private double MicroBatch(int step, int microBatch, MicroBatch batch, TreeSink sink)
    {
        using var scope = NewDisposeScope();
        var output = new StageOutput(OnDevice(batch.Inputs), 0);
        foreach (var stage in _stages)
            output = stage.Forward(step, microBatch, output.Output!, stage == _stages[^1] ? OnDevice(batch.Targets) : null);
        Tensor? gradient = null;
        for (int stage = _stages.Length - 1; stage >= 0; stage--) gradient = _stages[stage].Backward(microBatch, gradient, sink);
        return output.Loss;
    }

    private Tensor OnDevice(Tensor samples) => _device.type == DeviceType.CPU ? samples : samples.to(_device);

    private void Merge(Tensor[] parts)
    {
        if (_device.type == DeviceType.CPU)
        {
            _merge.SumInPlace([.. parts.Select(p => p.Floats())]);
            return;
        }

        foreach (var (into, from) in _merge.Steps) parts[into].PlusInPlace(parts[from]).DetachFromDisposeScope();
    }

    private double Update()
    {
        var sums = new Tensor[States.Count];
        for (int layer = 0; layer < sums.Length; layer++)
        {
            // What the all-reduce of the layer does over the network.
            var parts = _pipelines.SelectMany(p => p.Tree(layer).Nodes).Select(n => n.Flat).ToArray();
            Merge(parts);
            sums[layer] = parts[0];
        }

        foreach (var tie in _ties)
        {
            TiedPair.Add(
                sums[tie.Owner].narrow(0, tie.OwnerSlice.Offset, tie.OwnerSlice.Length),
                sums[tie.Copy].narrow(0, tie.CopySlice.Offset, tie.CopySlice.Length));
        }

        double norm = Norms.Global(States.Select(s => Norms.SumOfSquares(s.Layout, sums[s.Layer], _training.MicroBatches)));
        foreach (var state in States) Optimizer.Apply(state, sums[state.Layer], norm, _training);
        foreach (var pipeline in _pipelines) pipeline.Clear();
        return norm;
    }
}
