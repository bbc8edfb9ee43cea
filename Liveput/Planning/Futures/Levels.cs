namespace Parcae.Liveput.Planning.Futures;

/// <summary>Whole numbers that are told apart, ascending; a number between two of them counts as both, in shares that keep the mean.</summary>
internal sealed class Levels
{
    /// <summary>Losses up to this number are told apart one by one; beyond, in steps that grow by a quarter.</summary>
    private const int ExactLosses = 8;

    private readonly int[] _values;

    private Levels(int[] values) => _values = values;

    /// <summary>The numbers.</summary>
    public int[] Values => _values;

    /// <summary>Whether every number between the least and the greatest is there.</summary>
    public bool Exact => _values[^1] - _values[0] == _values.Length - 1;

    /// <summary>Counts from <paramref name="low"/> to <paramref name="high"/> at least, one of them <paramref name="present"/>: all, or in equal steps (from 0 on perhaps a smaller one) so that there are no more than <paramref name="most"/>.</summary>
    public static Levels OfCounts(int low, int present, int high, int most)
    {
        int range = high - low, step = range < most ? 1 : (range + most - 3) / (most - 2);
        int below = (present - low + step - 1) / step, above = (high - present + step - 1) / step;
        var values = new int[below + above + 1];
        for (int i = 0; i < values.Length; i++) values[i] = Math.Max(0, present + ((i - below) * step));
        return new Levels(values);
    }

    /// <summary>Losses from 0 to <paramref name="most"/>.</summary>
    public static Levels OfLosses(int most)
    {
        var values = new List<int> { 0 };
        while (values[^1] < most) values.Add(Math.Min(most, values[^1] < ExactLosses ? values[^1] + 1 : values[^1] * 5 / 4));
        return new Levels([.. values]);
    }

    /// <summary>A distribution over all numbers as one over these.</summary>
    public double[] Of(double[] distribution)
    {
        var levels = new double[_values.Length];
        Add(levels, 0, distribution, 1);
        return levels;
    }

    /// <summary>Adds <paramref name="weight"/> times a distribution of numbers from <paramref name="first"/> on. What lies outside counts as the least or the greatest.</summary>
    public void Add(double[] levels, int first, ReadOnlySpan<double> distribution, double weight)
    {
        int level = 0;
        for (int i = 0; i < distribution.Length; i++)
        {
            int value = first + i;
            double p = weight * distribution[i];
            if (p == 0) continue;
            while (level + 1 < _values.Length && _values[level + 1] <= value) level++;
            if (level + 1 == _values.Length || value <= _values[level])
            {
                levels[level] += p;
                continue;
            }

            double upper = (double)(value - _values[level]) / (_values[level + 1] - _values[level]);
            levels[level] += p * (1 - upper);
            levels[level + 1] += p * upper;
        }
    }
}
