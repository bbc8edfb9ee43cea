namespace Parcae.Liveput.Profiles;

/// <summary>Time and memory of a training step under 1F1B (the paper, section 7.1; design of the engine: micro-batches in contiguous blocks).</summary>
/// <remarks>
/// step = (ceil(M/D) + P - 1) * slowest stage + all-reduce + optimizer. A stage's time for a micro-batch is that of its layers, plus sending its output on and the gradient of its input back. A layer's time
/// is what was measured; where nothing was, three forward passes' worth of operations at the speed of the measured layers, or of the accelerator. With recomputation comes one forward pass more.
/// The all-reduce moves 2 (D-1)/D of the largest stage's gradients. A stage needs memory for the value, gradient and optimizer state of its parameters and for the activations of the micro-batches in flight,
/// min(P - stage, ceil(M/D)); with recomputation only for its layers' inputs of each of them, and the activations of one layer.
/// </remarks>
public sealed class StepTimeModel
{
    // AdamW: about this many operations to update one parameter.
    internal const double OptimizerFlopsPerParameter = 20;

    private const int BytesPerValue = 4;

    private readonly int _layers;
    private readonly LayerSums _sums;
    private readonly AcceleratorSpec _accelerator;
    private readonly int _microBatches;
    private readonly int _samplesPerMicroBatch;

    /// <summary>A model of the given layers.</summary>
    /// <param name="layers">In order.</param>
    /// <param name="globalBatch">Samples of a step.</param>
    /// <param name="microBatches">M; divides <paramref name="globalBatch"/>.</param>
    /// <param name="accelerator">What an instance can do.</param>
    /// <param name="mode">Optimizer and recomputation; null: <see cref="TrainingMode.Default"/>.</param>
    /// <exception cref="ArgumentException">There are no layers, the batch cannot be cut so, or a layer's measured time is no time.</exception>
    public StepTimeModel(IReadOnlyList<LayerCost> layers, int globalBatch, int microBatches, AcceleratorSpec accelerator, TrainingMode? mode = null)
    {
        ArgumentNullException.ThrowIfNull(layers);
        ArgumentOutOfRangeException.ThrowIfLessThan(globalBatch, 1);
        ArgumentOutOfRangeException.ThrowIfLessThan(microBatches, 1);
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(accelerator.MemoryBytes, nameof(accelerator));
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(accelerator.FlopsPerSecond, nameof(accelerator));
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(accelerator.LinkBytesPerSecond, nameof(accelerator));
        if (layers.Count == 0) throw new ArgumentException("A model needs at least one layer.", nameof(layers));
        if (globalBatch % microBatches != 0)
        {
            throw new ArgumentException($"A global batch of {globalBatch} cannot be cut into {microBatches} equal micro-batches.", nameof(microBatches));
        }

        for (int i = 0; i < layers.Count; i++)
        {
            foreach (double? seconds in (double?[])[layers[i].ForwardSeconds, layers[i].BackwardSeconds, layers[i].UpdateSeconds])
            {
                if (seconds is { } s && !(s >= 0 && double.IsFinite(s))) throw new ArgumentException($"Layer {i} takes {s} s; a measured time must be at least 0.", nameof(layers));
            }
        }

        (_layers, _accelerator, _microBatches, _samplesPerMicroBatch) = (layers.Count, accelerator, microBatches, globalBatch / microBatches);
        _sums = new LayerSums(layers, mode ?? TrainingMode.Default, accelerator.FlopsPerSecond);
    }

    /// <summary>The best stages for a depth, the same for every number of pipelines; null when no cut fits.</summary>
    /// <remarks>Memory is first taken with as many micro-batches in flight as a single pipeline has; only where no cut fits so, with fewer, which then only strategies with more pipelines can use.</remarks>
    public (int First, int Count)[]? Partition(int depth)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(depth, 1);
        if (depth > _layers) return null;
        for (int block = Math.Min(depth, _microBatches); block >= 1; block--)
        {
            int inBlock = block;
            var stages = StagePartition.Solve(
                _layers, depth, StageSeconds, _sums.Parameters,
                (stage, first, end) => StageMemory(first, end, Math.Min(depth - stage, inBlock)) <= _accelerator.MemoryBytes);
            if (stages is not null) return stages;
        }

        return null;
    }

    /// <summary>Whether every stage fits the memory of an instance when there are <paramref name="pipelines"/> pipelines.</summary>
    public bool Fits((int First, int Count)[] stages, int pipelines)
    {
        ArgumentNullException.ThrowIfNull(stages);
        for (int stage = 0; stage < stages.Length; stage++)
        {
            if (MemoryBytes(stages, pipelines, stage) > _accelerator.MemoryBytes) return false;
        }

        return true;
    }

    /// <summary>Memory that a stage needs, bytes.</summary>
    /// <param name="stages">The cut.</param>
    /// <param name="pipelines">D.</param>
    /// <param name="stage">0 .. P-1.</param>
    public long MemoryBytes((int First, int Count)[] stages, int pipelines, int stage)
    {
        ArgumentNullException.ThrowIfNull(stages);
        var (first, count) = stages[stage];
        return StageMemory(first, first + count, Math.Min(stages.Length - stage, Block(pipelines)));
    }

    /// <summary>Memory that the whole model needs on one instance, bytes: the stage of a 1 x 1 strategy.</summary>
    public long WholeModelBytes => StageMemory(0, _layers, 1);

    /// <summary>Time of one step, seconds.</summary>
    public double StepSeconds((int First, int Count)[] stages, int pipelines)
    {
        ArgumentNullException.ThrowIfNull(stages);
        double slowest = 0, update = 0;
        long largest = 0;
        foreach (var (first, count) in stages)
        {
            slowest = Math.Max(slowest, StageSeconds(first, first + count));
            update = Math.Max(update, _sums.UpdateSeconds(first, first + count));
            largest = Math.Max(largest, _sums.Parameters(first, first + count));
        }

        double allReduce = 2.0 * (pipelines - 1) / pipelines * largest * BytesPerValue / _accelerator.LinkBytesPerSecond;
        return ((Block(pipelines) + stages.Length - 1) * slowest) + allReduce + update;
    }

    /// <summary>Micro-batches of the busiest pipeline.</summary>
    private int Block(int pipelines) => (_microBatches + pipelines - 1) / pipelines;

    private double StageSeconds(int first, int end) =>
        _samplesPerMicroBatch * (_sums.Seconds(first, end) + (_sums.SentBytes(first, end) / _accelerator.LinkBytesPerSecond));

    private long StageMemory(int first, int end, int inFlight) => _sums.Memory(first, end, inFlight, _samplesPerMicroBatch);
}
