using System.Runtime.Intrinsics;

namespace Parcae.Liveput.Planning.Futures;

/// <summary>What may happen to a count in an interval, loss by loss: the probability of every count afterwards, in a row that whole vectors can be read from.</summary>
internal sealed class LossMoves
{
    private readonly (int Loss, int Low, int Start, int Length)[] _rows;
    private readonly double[] _probabilities;

    /// <summary>The moves of a chain for one count.</summary>
    /// <param name="moves">Ascending by loss.</param>
    public LossMoves(List<CountMove> moves)
    {
        var rows = new List<(int, int, int, int)>();
        int size = 0;
        foreach (var group in Groups(moves))
        {
            int length = Padded(group.High - group.Low + 1);
            rows.Add((group.Loss, group.Low, size, length));
            size += length;
        }

        _rows = [.. rows];
        _probabilities = new double[size];
        int row = 0;
        foreach (var (loss, next, probability) in moves)
        {
            while (_rows[row].Loss != loss) row++;
            _probabilities[_rows[row].Start + next - _rows[row].Low] += probability;
        }
    }

    /// <summary>How many losses there are.</summary>
    public int Count => _rows.Length;

    /// <summary>Index of the number of losses, the first count afterwards, and the probabilities of the counts from there on; 0 where they go beyond.</summary>
    public (int Loss, int Low) Row(int index, out ReadOnlySpan<double> probabilities)
    {
        var (loss, low, start, length) = _rows[index];
        probabilities = _probabilities.AsSpan(start, length);
        return (loss, low);
    }

    /// <summary>A length rounded up to whole vectors.</summary>
    public static int Padded(int length) => (length + Vector256<double>.Count - 1) / Vector256<double>.Count * Vector256<double>.Count;

    private static IEnumerable<(int Loss, int Low, int High)> Groups(List<CountMove> moves)
    {
        for (int i = 0; i < moves.Count;)
        {
            int loss = moves[i].Loss, low = int.MaxValue, high = int.MinValue;
            for (; i < moves.Count && moves[i].Loss == loss; i++) (low, high) = (Math.Min(low, moves[i].Next), Math.Max(high, moves[i].Next));
            yield return (loss, low, high);
        }
    }
}
