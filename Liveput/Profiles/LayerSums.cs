namespace Parcae.Liveput.Profiles;

/// <summary>What runs of layers cost: sums over the layers [first, end), each at once.</summary>
internal sealed class LayerSums
{
    private readonly IReadOnlyList<LayerCost> _layers;
    private readonly TrainingMode _mode;
    private readonly long[] _parameters;
    private readonly double[] _seconds;
    private readonly double[] _update;
    private readonly long[] _activations;
    private readonly long[] _inputs;
    private readonly long[,]? _largestActivation;

    /// <summary>Adds the layers up.</summary>
    /// <param name="layers">In order.</param>
    /// <param name="mode">Optimizer and recomputation.</param>
    /// <param name="flopsPerSecond">Speed for layers without measured times, where no layer has any.</param>
    public LayerSums(IReadOnlyList<LayerCost> layers, TrainingMode mode, double flopsPerSecond)
    {
        (_layers, _mode) = (layers, mode);
        int n = layers.Count;
        (_parameters, _seconds, _update, _activations, _inputs) = (new long[n + 1], new double[n + 1], new double[n + 1], new long[n + 1], new long[n + 1]);
        double speed = MeasuredSpeed(layers) ?? flopsPerSecond;
        for (int i = 0; i < n; i++)
        {
            var layer = layers[i];
            _parameters[i + 1] = _parameters[i] + layer.Parameters;
            _seconds[i + 1] = _seconds[i] + Seconds(layer, mode.Recompute, speed);
            _update[i + 1] = _update[i] + (layer.UpdateSeconds ?? layer.Parameters * StepTimeModel.OptimizerFlopsPerParameter / speed);
            _activations[i + 1] = _activations[i] + layer.ActivationBytesPerSample;

            // What the first layer keeps includes its input; how much of it that is, nobody says.
            _inputs[i + 1] = _inputs[i] + (i == 0 ? layer.ActivationBytesPerSample : layers[i - 1].OutputBytesPerSample);
        }

        if (mode.Recompute) _largestActivation = LargestActivations(layers);
    }

    public long Parameters(int first, int end) => _parameters[end] - _parameters[first];

    /// <summary>Computing one sample, both ways.</summary>
    public double Seconds(int first, int end) => _seconds[end] - _seconds[first];

    /// <summary>The optimizer's update.</summary>
    public double UpdateSeconds(int first, int end) => _update[end] - _update[first];

    /// <summary>Bytes that go to and come from the neighbouring stages for one sample, each way.</summary>
    public long SentBytes(int first, int end) =>
        (end < _layers.Count ? _layers[end - 1].OutputBytesPerSample : 0) + (first > 0 ? _layers[first - 1].OutputBytesPerSample : 0);

    /// <summary>Memory of a stage, bytes.</summary>
    public long Memory(int first, int end, int inFlight, int samplesPerMicroBatch)
    {
        long state = _mode.TrainingBytesPerParameter * Parameters(first, end);
        if (_largestActivation is null) return state + ((long)inFlight * samplesPerMicroBatch * (_activations[end] - _activations[first]));
        return state + (samplesPerMicroBatch * ((inFlight * (_inputs[end] - _inputs[first])) + _largestActivation[first, end]));
    }

    /// <summary>FLOP/s of the layers that were measured, or null where that says nothing.</summary>
    private static double? MeasuredSpeed(IReadOnlyList<LayerCost> layers)
    {
        double flops = 0, seconds = 0;
        foreach (var layer in layers)
        {
            if (layer is not { ForwardSeconds: { } forward, BackwardSeconds: { } backward }) continue;
            flops += 3 * layer.ForwardFlopsPerSample;
            seconds += forward + backward;
        }

        return flops > 0 && seconds > 0 ? flops / seconds : null;
    }

    private static double Seconds(LayerCost layer, bool recompute, double speed)
    {
        double forward = layer.ForwardFlopsPerSample / speed, backward = 2 * forward;
        if (layer is { ForwardSeconds: { } f, BackwardSeconds: { } b }) (forward, backward) = (f, b);
        return forward + backward + (recompute ? forward : 0);
    }

    // [first, end]: the most that one of the layers [first, end) keeps of one sample.
    private static long[,] LargestActivations(IReadOnlyList<LayerCost> layers)
    {
        var largest = new long[layers.Count, layers.Count + 1];
        for (int first = 0; first < layers.Count; first++)
        {
            for (int end = first + 1; end <= layers.Count; end++) largest[first, end] = Math.Max(largest[first, end - 1], layers[end - 1].ActivationBytesPerSample);
        }

        return largest;
    }
}
