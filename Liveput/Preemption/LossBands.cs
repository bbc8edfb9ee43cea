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

    private LossBands() { }

    /// <summary>How many chances are needed.</summary>
    public int Count => _bands.Count;

    /// <summary>Bands for every pair of a count and a number of losses, at least 1 and at most the count.</summary>
    public static LossBands Of(int[] counts, int[] losses)
    {
        var questions = (from n in counts from k in losses where k > 0 && k <= n let angle = Angle(n, k) let end = angle + (Reach / Math.Sqrt(n)) orderby end select (n, k, angle, end)).ToArray();
        var bands = new LossBands();
        double point = double.NegativeInfinity, greatest = questions.Select(q => q.angle).DefaultIfEmpty(0).Max();
        foreach (var (n, k, angle, end) in questions)
        {
            if (angle - (Reach / Math.Sqrt(n)) > point)
            {
                point = Math.Min(end, greatest);
                double chance = Math.Pow(Math.Sin(point / 2), 2);
                bands._bands.Add((point, Math.Min(chance, 1 - (0.5 / counts[^1])), 0));
            }
        }

        foreach (var (n, k, _, _) in questions)
        {
            int band = bands.Of(n, k);
            bands._bands[band] = bands._bands[band] with { MostLost = Math.Max(k, bands._bands[band].MostLost) };
        }

        return bands;
    }

    /// <summary>The chance of a single loss of a band, in (0, 1).</summary>
    public double Chance(int band) => _bands[band].Chance;

    /// <summary>The most losses that are asked of a band.</summary>
    public int MostLost(int band) => _bands[band].MostLost;

    /// <summary>The band for <paramref name="lost"/> of <paramref name="count"/>.</summary>
    public int Of(int count, int lost)
    {
        double angle = Angle(count, lost);
        int nearest = 0;
        for (int band = 1; band < _bands.Count; band++)
        {
            if (Math.Abs(_bands[band].Angle - angle) < Math.Abs(_bands[nearest].Angle - angle)) nearest = band;
        }

        return nearest;
    }

    private static double Angle(int count, int lost) => 2 * Math.Asin(Math.Sqrt((double)lost / count));
}
