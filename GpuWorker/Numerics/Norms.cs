using Parcae.Grains;
using static TorchSharp.torch;

namespace Parcae.GpuWorker.Numerics;

/// <summary>Norms of reduced gradients, summed in an order that does not depend on the plan.</summary>
public static class Norms
{
    /// <summary>Sum of squares of the mean gradient of each layer, in float64.</summary>
    /// <param name="states">The stage's layers.</param>
    /// <param name="summed">Sum over the micro-batches of the gradients of all these layers, one after the other.</param>
    /// <param name="training">Gives M.</param>
    public static double[] LayerSquares(IReadOnlyList<LayerState> states, Tensor summed, TrainingSpec training)
    {
        ArgumentNullException.ThrowIfNull(states);
        ArgumentNullException.ThrowIfNull(training);
        using var scope = NewDisposeScope();
        double scale = 1.0 / ((double)training.MicroBatches * training.MicroBatches);
        var squares = new double[states.Count];
        long at = 0;
        for (int i = 0; i < squares.Length; i++)
        {
            // Its own storage: where a slice begins depends on the cut, and must not decide how the sum is blocked.
            var own = summed.narrow(0, at, states[i].Layout.Length).to(ScalarType.Float64);
            squares[i] = own.dot(own).item<double>() * scale;
            at += states[i].Layout.Length;
        }
        return squares;
    }
}
