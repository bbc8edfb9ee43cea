using System.Buffers;

namespace Parcae.Liveput.Preemption;

/// <summary>Given how many of the D * P instances in use are lost: the chance that no stage loses more than a, for several depths P at once.</summary>
/// <remarks>
/// [x^j] (sum_{i=0..a} C(D,i) x^i)^P / C(DP,j) for all j and a. From one depth to the next a power is carried on, so that a further depth costs one product; degrees where the chance is
/// negligible are cut off, and numbers a that no worst stage stays under or goes beyond are never computed.
/// </remarks>
internal sealed class WorstStageLosses
{
    private const double Negligible = 1e-19;

    private readonly double[][] _chances;
    private readonly int[] _widths;
    private readonly double _chance;
    private readonly int _pipelines;
    private readonly int _mostLost;
    private readonly List<LossPolynomial> _squares = [];
    private readonly List<double[]> _squareReferences = [];

    /// <summary>Computes the chances.</summary>
    /// <param name="pipelines">D.</param>
    /// <param name="depths">P, ascending.</param>
    /// <param name="chance">Of a single loss, in (0, 1), on which only the rounding depends.</param>
    /// <param name="mostLost">The greatest j that is asked for.</param>
    public WorstStageLosses(int pipelines, int[] depths, double chance, int mostLost)
    {
        (_pipelines, _chance, _mostLost) = (pipelines, chance, mostLost);
        _chances = new double[depths.Length][];
        _widths = new int[depths.Length];
        var references = new double[depths.Length][];
        for (int i = 0; i < depths.Length; i++)
        {
            int used = pipelines * depths[i], most = Math.Min(mostLost, used);
            references[i] = LossPolynomial.Binomial(used, chance, 0, most).Values;
            _widths[i] = new WorstStageBounds(pipelines, depths[i], used, most).Last + 1;
            int size = (most + 1) * _widths[i];
            _chances[i] = ArrayPool<double>.Shared.Rent(size);
            _chances[i].AsSpan(0, size).Clear();
            for (int j = 0; j <= most; j++) _chances[i][(j * _widths[i]) + _widths[i] - 1] = 1;
        }

        var stage = LossPolynomial.Binomial(pipelines, chance, 0, mostLost);
        int widest = _widths.Max();
        for (int allowed = 0; allowed < widest - 1; allowed++)
        {
            _squares.Clear();
            _squares.Add(new LossPolynomial(0, stage.Values[..(allowed + 1)]));
            var power = default(LossPolynomial);
            for (int i = 0; i < depths.Length; i++)
            {
                power = i == 0 ? Power(depths[0]) : power.Times(Power(depths[i] - depths[i - 1]), 0, mostLost);
                power = Trimmed(power, references[i]);
                if (allowed < _widths[i] - 1) Record(power, references[i], _chances[i], _widths[i], allowed);
            }
        }
    }

    /// <summary>Chances that no stage loses more than 0, 1, ... when the number lost of those in use is distributed as given.</summary>
    /// <param name="member">Index of the depth.</param>
    /// <param name="low">The first number.</param>
    /// <param name="weights">The chance of each number from it on.</param>
    /// <param name="most">More cannot be lost in all; 0 .. all of the numbers.</param>
    /// <param name="buffer">At least <c>[D + 1]</c>, overwritten.</param>
    /// <returns>A part of the buffer; the last chance is 1, as all further ones would be.</returns>
    public Span<double> AtMost(int member, int low, ReadOnlySpan<double> weights, int most, double[] buffer)
    {
        int width = _widths[member];
        var sums = buffer.AsSpan(0, Math.Min(width, most + 1));
        sums.Clear();
        for (int i = 0; i < weights.Length; i++) Lanes.AddScaled(sums, _chances[member].AsSpan((low + i) * width, sums.Length), weights[i]);
        sums[^1] = 1;
        return sums;
    }

    /// <summary>Gives the memory back; nothing may be asked afterwards.</summary>
    public void Return()
    {
        foreach (double[] rented in _chances) ArrayPool<double>.Shared.Return(rented);
    }

    private static void Record(LossPolynomial power, double[] reference, double[] chances, int width, int allowed)
    {
        for (int j = 0; j < power.Values.Length; j++) chances[(j * width) + allowed] = j <= allowed ? 1 : Math.Min(1, power.Values[j] / reference[j]);
    }

    private static LossPolynomial Trimmed(LossPolynomial power, double[] reference)
    {
        int length = power.Values.Length;
        while (length > 1 && power.Values[length - 1] <= Negligible * reference[length - 1]) length--;
        return length == power.Values.Length ? power : new LossPolynomial(0, power.Values[..length]);
    }

    private LossPolynomial Power(int exponent)
    {
        LossPolynomial? power = null;
        for (int bit = 0; exponent >> bit != 0; bit++)
        {
            if (bit == _squares.Count)
            {
                var square = _squares[^1].Times(_squares[^1], 0, _mostLost);
                if (bit > _squareReferences.Count) _squareReferences.Add(LossPolynomial.Binomial(_pipelines << bit, _chance, 0, _mostLost).Values);
                _squares.Add(Trimmed(square, _squareReferences[bit - 1]));
            }

            if ((exponent >> bit & 1) != 0) power = power?.Times(_squares[bit], 0, _mostLost) ?? _squares[bit];
        }

        return power!.Value;
    }
}
