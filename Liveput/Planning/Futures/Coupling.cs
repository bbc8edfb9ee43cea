namespace Parcae.Liveput.Planning.Futures;

/// <summary>Couplings of distributions over whole numbers.</summary>
internal static class Coupling
{
    /// <summary>Quantile to quantile: every (from, to) with its probability, ascending in both. Masses are taken as equal; a difference of rounding falls on the last pair.</summary>
    public static List<(int From, int To, double Weight)> Monotone(double[] from, double[] to)
    {
        var pairs = new List<(int, int, double)>();
        int lastTo = Array.FindLastIndex(to, p => p > 0);
        int j = 0;
        double right = to[0];
        for (int i = 0; i < from.Length; i++)
        {
            double left = from[i];
            while (left > 0)
            {
                while (right <= 0 && j < lastTo) right = to[++j];
                double weight = j < lastTo ? Math.Min(left, right) : left;
                if (weight > 0) pairs.Add((i, j, weight));
                left -= weight;
                right -= weight;
            }
        }

        return pairs;
    }

    /// <summary>The greatest fall from one distribution to the next in a row of them that begins with a certain value.</summary>
    public static int GreatestFall(int start, double[][] distributions)
    {
        int greatest = 0;
        var before = new double[start + 1];
        before[start] = 1;
        foreach (double[] after in distributions)
        {
            foreach (var (from, to, _) in Monotone(before, after)) greatest = Math.Max(greatest, from - to);
            before = after;
        }

        return greatest;
    }
}
