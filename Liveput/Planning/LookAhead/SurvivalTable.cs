namespace Parcae.Liveput.Planning.LookAhead;

/// <summary>For one strategy: the chance that its worst stage loses d of its D replicas, for every count of instances and number of losses that a plan tells apart.</summary>
internal sealed class SurvivalTable
{
    private readonly int _firstCount;
    private readonly int _losses;
    private readonly int[] _starts;
    private readonly int[] _fewest;
    private readonly double[] _chances;

    /// <summary>A table.</summary>
    /// <param name="firstCount">Index of the smallest count that holds the strategy.</param>
    /// <param name="losses">Numbers of losses that are told apart.</param>
    /// <param name="starts">Where each cell (count, loss) begins, <c>[counts from firstCount * losses + 1]</c>.</param>
    /// <param name="fewest">The d that each cell begins with.</param>
    /// <param name="chances">The cells' chances, one after another.</param>
    public SurvivalTable(int firstCount, int losses, int[] starts, int[] fewest, double[] chances) =>
        (_firstCount, _losses, _starts, _fewest, _chances) = (firstCount, losses, starts, fewest, chances);

    /// <summary>The chances of d = <paramref name="fewest"/> and more; every other d is negligible. Empty where more are lost than there are.</summary>
    /// <param name="count">Index of a count that holds the strategy.</param>
    /// <param name="loss">Index of the number of losses.</param>
    /// <param name="fewest">The d of the first chance.</param>
    public ReadOnlySpan<double> Chances(int count, int loss, out int fewest)
    {
        int cell = ((count - _firstCount) * _losses) + loss;
        fewest = _fewest[cell];
        return _chances.AsSpan(_starts[cell], _starts[cell + 1] - _starts[cell]);
    }
}
