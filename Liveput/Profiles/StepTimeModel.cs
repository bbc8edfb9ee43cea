namespace Parcae.Liveput.Profiles;

/// <summary>Time and memory of a training step under 1F1B (the paper, section 7.1; design of the engine: micro-batches in contiguous blocks).</summary>
/// <remarks>
/// step = (ceil(M/D) + P - 1) * slowest stage + all-reduce + optimizer. A stage's time for a micro-batch is three forward passes' worth of operations, plus sending its output on and
/// the gradient of its input back. The all-reduce moves 2 (D-1)/D of the largest stage's gradients. A stage needs 16 bytes a parameter (value, gradient, two moments)
/// and the activations of the micro-batches in flight, min(P - stage, ceil(M/D)).
/// </remarks>
public sealed class StepTimeModel
{
    private const int BytesPerValue = 4;
    private const int TrainingBytesPerParameter = 16;

    // AdamW: about this many operations to update one parameter.
    private const double OptimizerFlopsPerParameter = 20;

    private readonly IReadOnlyList<LayerCost> _layers;
    private readonly AcceleratorSpec _accelerator;
    private readonly int _microBatches;
    private readonly int _samplesPerMicroBatch;
    private readonly long[] _parameters;
    private readonly double[] _flops;
    private readonly long[] _activations;

    /// <summary>A model of the given layers.</summary>
    /// <param name="layers">In order.</param>
    /// <param name="globalBatch">Samples of a step.</param>
    /// <param name="microBatches">M; divides <paramref name="globalBatch"/>.</param>
    /// <param name="accelerator">What an instance can do.</param>
    /// <exception cref="ArgumentException">There are no layers, or the batch cannot be cut so.</exception>
    public StepTimeModel(IReadOnlyList<LayerCost> layers, int globalBatch, int microBatches, AcceleratorSpec accelerator)
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

        _layers = layers;
        _accelerator = accelerator;
        _microBatches = microBatches;
        _samplesPerMicroBatch = globalBatch / microBatches;
        _parameters = new long[layers.Count + 1];
        _flops = new double[layers.Count + 1];
        _activations = new long[layers.Count + 1];
        for (int i = 0; i < layers.Count; i++)
        {
            _parameters[i + 1] = _parameters[i] + layers[i].Parameters;
            _flops[i + 1] = _flops[i] + layers[i].ForwardFlopsPerSample;
            _activations[i + 1] = _activations[i] + layers[i].ActivationBytesPerSample;
        }
    }

    /// <summary>The best stages for a depth, the same for every number of pipelines; null when no cut fits.</summary>
    /// <remarks>Memory is first taken with as many micro-batches in flight as a single pipeline has; only where no cut fits so, with fewer, which then only strategies with more pipelines can use.</remarks>
    public (int First, int Count)[]? Partition(int depth)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(depth, 1);
        if (depth > _layers.Count) return null;
        for (int block = Math.Min(depth, _microBatches); block >= 1; block--)
        {
            int inBlock = block;
            var stages = StagePartition.Solve(
                _layers.Count, depth, StageSeconds, (first, end) => _parameters[end] - _parameters[first],
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
    public long WholeModelBytes => StageMemory(0, _layers.Count, 1);

    /// <summary>Time of one step, seconds.</summary>
    public double StepSeconds((int First, int Count)[] stages, int pipelines)
    {
        ArgumentNullException.ThrowIfNull(stages);
        double slowest = 0;
        long largest = 0;
        foreach (var (first, count) in stages)
        {
            slowest = Math.Max(slowest, StageSeconds(first, first + count));
            largest = Math.Max(largest, _parameters[first + count] - _parameters[first]);
        }

        double allReduce = 2.0 * (pipelines - 1) / pipelines * largest * BytesPerValue / _accelerator.LinkBytesPerSecond;
        double optimizer = largest * OptimizerFlopsPerParameter / _accelerator.FlopsPerSecond;
        return ((Block(pipelines) + stages.Length - 1) * slowest) + allReduce + optimizer;
    }

    /// <summary>Micro-batches of the busiest pipeline.</summary>
    private int Block(int pipelines) => (_microBatches + pipelines - 1) / pipelines;

    private double StageSeconds(int first, int end)
    {
        double sent = (end < _layers.Count ? _layers[end - 1].OutputBytesPerSample : 0) + (first > 0 ? _layers[first - 1].OutputBytesPerSample : 0);
        return _samplesPerMicroBatch * ((3 * (_flops[end] - _flops[first]) / _accelerator.FlopsPerSecond) + (sent / _accelerator.LinkBytesPerSecond));
    }

    private long StageMemory(int first, int end, int inFlight) =>
        (TrainingBytesPerParameter * (_parameters[end] - _parameters[first])) + ((long)inFlight * _samplesPerMicroBatch * (_activations[end] - _activations[first]));
}
