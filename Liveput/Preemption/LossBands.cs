namespace Parcae.Liveput.Preemption;

/// <summary>Which chance of a single loss to compute with for k of n lost: any gives the same answer, but far from k / n everything underflows.</summary>
/// <remarks>
/// On the scale 2 asin(sqrt(k / n)) the logarithm of a binomial probability falls with the square of the distance over 2/n, wherever one stands; within 26 / sqrt(n) there is room for nine standard
/// deviations more before 1e-300. So each question has an interval of chances that will do, and the fewest points that meet every interval are found from the left. One or two
/// are enough for a thousand instances.
/// </remarks>
internal sealed class LossBands
{
    private const double Reach = 26;

    private readonly List<(double Angle, double Chance, int MostLost)> _bands = [];
    private readonly int[,] _bandOf;

    private LossBands(int counts, int losses) => _bandOf = new int[counts, losses];

    /// <summary>How many chances are needed.</summary>
    public int Count => _bands.Count;

    /// <summary>Bands for every pair of a count and a number of losses, at least 1 and at most the count.</summary>
    public static LossBands Of(int[] counts, int[] losses)
    {
        var questions = (
            from n in Enumerable.Range(0, counts.Length)
            from k in Enumerable.Range(0, losses.Length)
            where losses[k] > 0 && losses[k] <= counts[n]
            let angle = 2 * Math.Asin(Math.Sqrt((double)losses[k] / counts[n]))
            let reach = Reach / Math.Sqrt(counts[n])
            orderby angle + reach
            select (n, k, angle, reach)).ToArray();
        var bands = new LossBands(counts.Length, losses.Length);
        double point = double.NegativeInfinity, greatest = questions.Select(q => q.angle).DefaultIfEmpty(0).Max();
        foreach (var (_, _, angle, reach) in questions)
        {
            if (angle - reach <= point) continue;
            point = Math.Min(angle + reach, greatest);
            bands._bands.Add((point, Math.Min(Math.Pow(Math.Sin(point / 2), 2), 1 - (0.5 / counts[^1])), 0));
        }

        foreach (var (n, k, angle, _) in questions)
        {
            int band = bands.Nearest(angle);
            bands._bandOf[n, k] = band;
            bands._bands[band] = bands._bands[band] with { MostLost = Math.Max(losses[k], bands._bands[band].MostLost) };
        }

        return bands;
    }

    /// <summary>The chance of a single loss of a band, in (0, 1).</summary>
    public double Chance(int band) => _bands[band].Chance;

    /// <summary>The most losses that are asked of a band.</summary>
    public int MostLost(int band) => _bands[band].MostLost;

    /// <summary>The band for a count and a number of losses, by their indices.</summary>
    public int Of(int count, int loss) => _bandOf[count, loss];

    private int Nearest(double angle)
    {
        int nearest = 0;
        for (int band = 1; band < _bands.Count; band++)
        {
            if (Math.Abs(_bands[band].Angle - angle) < Math.Abs(_bands[nearest].Angle - angle)) nearest = band;
        }

        return nearest;
    }
}
