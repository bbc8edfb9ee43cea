using Parcae.Liveput.Costs.Constants;

namespace Parcae.Liveput.Profiles;

/// <summary>What the planner knows of a model on a kind of instance: the throughput of every strategy, and how layers are dealt to stages.</summary>
public sealed class PlanningProfile
{
    /// <summary>Bytes of one parameter's state that a transfer moves: value and two moments, float32.</summary>
    public const int DefaultStateBytesPerParameter = 12;

    private readonly double[][] _throughput;
    private readonly (int First, int Count)[]?[] _partitions;
    private readonly long[] _parametersBefore;
    private readonly long[] _largestStage;

    private PlanningProfile(
        string model, int globalBatch, double linkBytesPerSecond, IReadOnlyList<LayerCost> layers, (int First, int Count)[]?[] partitions, double[][] throughput, ProfileExtras extras)
    {
        Model = model;
        (Source, StateBytesPerParameter, Reconfiguration, Prices) = (extras.Source, extras.StateBytesPerParameter, extras.Reconfiguration, extras.Prices);
        GlobalBatch = globalBatch;
        LinkBytesPerSecond = linkBytesPerSecond;
        LayerCount = layers.Count;
        _partitions = partitions;
        _throughput = throughput;
        _parametersBefore = new long[layers.Count + 1];
        for (int i = 0; i < layers.Count; i++) _parametersBefore[i + 1] = _parametersBefore[i] + layers[i].Parameters;
        _largestStage = new long[throughput.Length];
        MinInstances = int.MaxValue;
        for (int depth = 1; depth < throughput.Length; depth++)
        {
            if (partitions[depth] is { } stages) _largestStage[depth] = stages.Max(s => Parameters(s.First, s.First + s.Count)) * StateBytesPerParameter;
            for (int pipelines = 1; pipelines < throughput[depth].Length; pipelines++)
            {
                if (throughput[depth][pipelines] <= 0) continue;
                if (MinDepth == 0) MinDepth = depth;
                MaxDepth = depth;
                MaxPipelines = Math.Max(MaxPipelines, pipelines);
                MinInstances = Math.Min(MinInstances, pipelines * depth);
            }
        }
    }

    /// <summary>Name of the model.</summary>
    public string Model { get; }

    /// <summary>Where the figures come from, or null.</summary>
    public string? Source { get; }

    /// <summary>Bytes of one parameter's state that a transfer moves.</summary>
    public int StateBytesPerParameter { get; }

    /// <summary>Measured constants of reconfiguration, or null.</summary>
    public ReconfigurationConstants? Reconfiguration { get; }

    /// <summary>Prices of an instance, or null.</summary>
    public InstancePrices? Prices { get; }

    /// <summary>Samples of one step.</summary>
    public int GlobalBatch { get; }

    /// <summary>Bandwidth between two instances, bytes per second.</summary>
    public double LinkBytesPerSecond { get; }

    /// <summary>Number of layers, the bound of every depth.</summary>
    public int LayerCount { get; }

    /// <summary>All parameters of the model.</summary>
    public long TotalParameters => _parametersBefore[^1];

    /// <summary>The smallest depth of a feasible strategy; 0 when there is none.</summary>
    public int MinDepth { get; }

    /// <summary>The greatest depth of a feasible strategy; 0 when there is none.</summary>
    public int MaxDepth { get; }

    /// <summary>The most pipelines of a feasible strategy; 0 when there is none.</summary>
    public int MaxPipelines { get; }

    /// <summary>The fewest instances that a feasible strategy needs; <see cref="int.MaxValue"/> when nothing is feasible.</summary>
    public int MinInstances { get; }

    /// <summary>Samples per second of <paramref name="pipelines"/> x <paramref name="depth"/>; 0 when it is infeasible.</summary>
    public double Throughput(int pipelines, int depth) =>
        depth >= 1 && depth < _throughput.Length && pipelines >= 1 && pipelines < _throughput[depth].Length ? _throughput[depth][pipelines] : 0;

    /// <summary>Samples per second of <paramref name="strategy"/>; 0 when it is infeasible or a pause.</summary>
    public double Throughput(Strategy strategy) => Throughput(strategy.Pipelines, strategy.Depth);

    /// <summary>The layers of each stage at a depth, <c>[depth]</c>; the same for every number of pipelines.</summary>
    /// <exception cref="ArgumentOutOfRangeException">No cut of the layers into that many stages fits an instance.</exception>
    public (int First, int Count)[] Partition(int depth) => [.. Stages(depth)];

    /// <summary>State of a stage that a transfer moves, bytes.</summary>
    /// <param name="depth">P.</param>
    /// <param name="stage">0 .. P-1.</param>
    public long StageBytes(int depth, int stage)
    {
        var (first, count) = Stages(depth)[stage];
        return Parameters(first, first + count) * StateBytesPerParameter;
    }

    /// <summary>The greatest <see cref="StageBytes"/> of a depth; 0 for a depth without stages.</summary>
    public long LargestStageBytes(int depth) => depth >= 0 && depth < _largestStage.Length ? _largestStage[depth] : 0;

    /// <summary>A profile computed from layer costs under a 1F1B schedule (see <see cref="StepTimeModel"/>).</summary>
    /// <param name="model">Name of the model.</param>
    /// <param name="layers">Its layers in order.</param>
    /// <param name="globalBatch">Samples of a step.</param>
    /// <param name="microBatches">M; divides <paramref name="globalBatch"/>. A strategy has at most M pipelines.</param>
    /// <param name="accelerator">What an instance can do.</param>
    /// <param name="mode">Optimizer and recomputation; null: <see cref="TrainingMode.Default"/>.</param>
    /// <exception cref="ArgumentException">There are no layers, or the batch cannot be cut so.</exception>
    public static PlanningProfile FromLayers(
        string model, IReadOnlyList<LayerCost> layers, int globalBatch, int microBatches, AcceleratorSpec accelerator, TrainingMode? mode = null)
    {
        ArgumentException.ThrowIfNullOrWhiteSpace(model);
        ArgumentNullException.ThrowIfNull(layers);
        var steps = new StepTimeModel(layers, globalBatch, microBatches, accelerator, mode);
        var partitions = new (int, int)[]?[layers.Count + 1];
        var throughput = new double[layers.Count + 1][];
        throughput[0] = [];
        for (int depth = 1; depth <= layers.Count; depth++)
        {
            throughput[depth] = new double[microBatches + 1];
            partitions[depth] = steps.Partition(depth);
            if (partitions[depth] is not { } stages) continue;
            for (int pipelines = 1; pipelines <= microBatches; pipelines++)
            {
                if (steps.Fits(stages, pipelines)) throughput[depth][pipelines] = globalBatch / steps.StepSeconds(stages, pipelines);
            }
        }

        return new PlanningProfile(model, globalBatch, accelerator.LinkBytesPerSecond, layers, partitions, throughput,
            new ProfileExtras { StateBytesPerParameter = (mode ?? TrainingMode.Default).StateBytesPerParameter });
    }

    /// <summary>A profile from measured throughputs; what the table does not hold is infeasible.</summary>
    /// <param name="model">Name of the model.</param>
    /// <param name="layers">Its layers in order; only parameters and the relative cost of the forward passes count.</param>
    /// <param name="globalBatch">Samples of a step.</param>
    /// <param name="table">The measurements.</param>
    /// <param name="linkBytesPerSecond">Bandwidth between two instances.</param>
    /// <param name="extras">What else was measured, or null.</param>
    /// <exception cref="ArgumentException">There are no layers, or an entry names an impossible strategy or names one twice.</exception>
    public static PlanningProfile FromTable(
        string model, IReadOnlyList<LayerCost> layers, int globalBatch, IReadOnlyCollection<MeasuredThroughput> table, double linkBytesPerSecond, ProfileExtras? extras = null)
    {
        ArgumentException.ThrowIfNullOrWhiteSpace(model);
        ArgumentNullException.ThrowIfNull(layers);
        ArgumentNullException.ThrowIfNull(table);
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(linkBytesPerSecond);
        int deepest = table.Count == 0 ? 0 : table.Max(e => e.Depth);
        int widest = table.Count == 0 ? 0 : table.Max(e => e.Pipelines);
        var throughput = new double[deepest + 1][];
        for (int depth = 0; depth <= deepest; depth++) throughput[depth] = new double[widest + 1];
        foreach (var entry in table)
        {
            if (entry.Pipelines < 1 || entry.Depth < 1 || entry.Depth > layers.Count || !(entry.SamplesPerSecond > 0) || !double.IsFinite(entry.SamplesPerSecond))
            {
                throw new ArgumentException($"{entry} is not valid: it must have at least 1 pipeline, a depth from 1 to {layers.Count} and a throughput above 0.", nameof(table));
            }

            ref double cell = ref throughput[entry.Depth][entry.Pipelines];
            if (cell != 0) throw new ArgumentException($"{entry.Pipelines} x {entry.Depth} is in the table twice.", nameof(table));
            cell = entry.SamplesPerSecond;
        }

        // Without a memory limit only the balance of compute counts.
        var steps = new StepTimeModel(layers, 1, 1, new AcceleratorSpec(long.MaxValue, 1, linkBytesPerSecond));
        var partitions = new (int, int)[]?[deepest + 1];
        for (int depth = 1; depth <= deepest; depth++) partitions[depth] = steps.Partition(depth);
        return new PlanningProfile(model, globalBatch, linkBytesPerSecond, layers, partitions, throughput, extras ?? new ProfileExtras());
    }

    private (int First, int Count)[] Stages(int depth) =>
        (depth >= 1 && depth < _partitions.Length ? _partitions[depth] : null)
        ?? throw new ArgumentOutOfRangeException(nameof(depth), depth, $"{Model} cannot be cut into that many stages that fit an instance.");

    /// <summary>Parameters of the layers [first, end).</summary>
    public long Parameters(int first, int end) => _parametersBefore[end] - _parametersBefore[first];
}
