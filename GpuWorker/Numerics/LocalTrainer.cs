using System.Diagnostics;
using Parcae.GpuWorker.Collectives;
using Parcae.GpuWorker.Data;
using Parcae.GpuWorker.Models;
using Parcae.Grains;
using static TorchSharp.torch;

namespace Parcae.GpuWorker.Numerics;

/// <summary>
/// Trains the whole model in one process and one thread, along any plan: the undisturbed run that every distributed one must equal to the
/// last bit.
/// </summary>
public sealed class LocalTrainer : IDisposable
{
    private readonly IStagedModel _model;
    private readonly TrainingSpec _training;
    private readonly BatchSource _batches;
    private readonly StageCompute[] _stages;
    private readonly TreeMerge _merge;
    private readonly GradientTree[][] _trees;

    /// <summary>Makes ready to train.</summary>
    /// <param name="model">The model.</param>
    /// <param name="training">Batch and optimizer.</param>
    /// <param name="dataset">The data; it stays the caller's.</param>
    /// <param name="stages">The stages, together all layers in order; null: one stage.</param>
    /// <param name="pipelines">D: into how many blocks the micro-batches are dealt.</param>
    /// <param name="states">Where to begin, one state per layer, all at one version, which become this object's; null: at version 0, from the seed.</param>
    public LocalTrainer(
        IStagedModel model, TrainingSpec training, TokenDataset dataset,
        IReadOnlyList<LayerRange>? stages = null, int pipelines = 1, IReadOnlyList<LayerState>? states = null)
    {
        ArgumentNullException.ThrowIfNull(model);
        ArgumentNullException.ThrowIfNull(training);
        (_model, _training) = (model, training);
        stages ??= [new LayerRange(0, model.LayerCount)];
        _batches = new BatchSource(dataset, training.Seed, training.GlobalBatch, training.MicroBatches, model.Spec.SequenceLength);
        States = states ?? [.. Enumerable.Range(0, model.LayerCount).Select(layer => LayerState.Initialize(model, layer, training.Seed))];
        _stages = [.. stages.Select(s => new StageCompute(model, s, [.. States.Skip(s.First).Take(s.Count)], training))];
        _merge = new TreeMerge(training.MicroBatches, pipelines);
        _trees = [.. Enumerable.Range(0, pipelines).Select(pipeline =>
        {
            var (from, to) = GenerationPlan.Block(training.MicroBatches, pipelines, pipeline);
            return _stages.Select(s => new GradientTree(from, to, training.MicroBatches, s.GradientLength)).ToArray();
        })];
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
        double loss = 0;
        ulong checksum = 0;
        int samples = 0;
        foreach (var trees in _trees)
        {
            for (int microBatch = trees[0].From; microBatch < trees[0].To; microBatch++)
            {
                using var batch = _batches.MicroBatch(step, microBatch);
                loss += MicroBatch(step, microBatch, batch, trees);
                checksum += batch.Checksum;
                samples += batch.Samples;
            }
        }

        double norm = Update();
        return new StepResult(step, loss / _training.MicroBatches, norm, checksum, samples, clock.Elapsed.TotalSeconds);
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        foreach (var stage in _stages) stage.Dispose();
        foreach (var tree in _trees.SelectMany(t => t)) tree.Dispose();
        foreach (var state in States) state.Dispose();
    }

    private double MicroBatch(int step, int microBatch, MicroBatch batch, GradientTree[] trees)
    {
        var output = new StageOutput(batch.Tokens, 0);
        foreach (var stage in _stages)
            output = stage.Forward(step, microBatch, output.Output!, stage == _stages[^1] ? batch.Targets : null);
        Tensor? gradient = null;
        for (int stage = _stages.Length - 1; stage >= 0; stage--)
        {
            var flat = trees[stage].Rent();
            gradient = _stages[stage].Backward(microBatch, gradient, flat);
            trees[stage].Add(microBatch, flat);
        }

        return output.Loss;
    }

    private double Update()
    {
        var sums = new Memory<float>[_model.LayerCount];
        for (int stage = 0; stage < _stages.Length; stage++)
        {
            // What the all-reduce of the stage does over the network.
            var parts = _trees.SelectMany(t => t[stage].Nodes).Select(n => n.Flat.Floats()).ToArray();
            _merge.SumInPlace(parts);
            foreach (var (offset, i) in _stages[stage].LayerOffsets.Select((offset, i) => (offset, i)))
            {
                int layer = _stages[stage].Layers.First + i;
                sums[layer] = parts[0].Slice((int)offset, (int)States[layer].Layout.Length);
            }
        }

        double norm = Norms.Global(sums.Select(s => Norms.SumOfSquares(s.Span, _training.MicroBatches)));
        foreach (var state in States) AdamW.Apply(state, sums[state.Layer].Span, norm, _training);
        foreach (var tree in _trees.SelectMany(t => t)) tree.Clear();
        return norm;
    }
}
