namespace Parcae.Liveput.Traces.Synthetic;

/// <summary>Random numbers that are the same on every platform and in every version: SplitMix64, and only arithmetic that IEEE 754 fixes to the last bit.</summary>
/// <remarks>The mathematics library is not used: its exponentials and sines differ in the last bit between platforms, which now and then would change a draw.</remarks>
internal sealed class SyntheticRandom(ulong seed)
{
    // Beyond this mean a sum of uniform numbers stands for the Poisson distribution: its cost does not grow with the mean.
    private const double LargeMean = 64;

    private ulong _state = seed;

    /// <summary>64 random bits.</summary>
    public ulong Next()
    {
        _state += 0x9E3779B97F4A7C15;
        ulong z = _state;
        z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9;
        z = (z ^ (z >> 27)) * 0x94D049BB133111EB;
        return z ^ (z >> 31);
    }

    /// <summary>A generator for a part of the work, so that parts do not disturb each other's draws.</summary>
    public SyntheticRandom Fork() => new(Next());

    /// <summary>Uniform in [0, 1).</summary>
    public double Uniform() => (Next() >> 11) * (1.0 / (1UL << 53));

    /// <summary>Uniform in [from, to).</summary>
    public double Uniform(double from, double to) => from + ((to - from) * Uniform());

    /// <summary>Whether something with this chance happens.</summary>
    public bool Chance(double chance) => Uniform() < chance;

    /// <summary>A count with a Poisson distribution; beyond a mean of 64 a rounded normal one of the same mean and variance.</summary>
    public int Poisson(double mean)
    {
        if (!(mean > 0)) return 0;
        if (mean > LargeMean)
        {
            double sum = -6;
            for (int i = 0; i < 12; i++) sum += Uniform();
            return (int)Math.Max(0, Math.Floor(mean + (Math.Sqrt(mean) * sum) + 0.5));
        }

        double chance = ExpOfMinus(mean), below = chance, draw = Uniform();
        int count = 0;
        // The bound is never met but by rounding: the tail beyond it is smaller than a double's last bit.
        while (draw >= below && count < 1000)
        {
            count++;
            chance *= mean / count;
            below += chance;
        }

        return count;
    }

    /// <summary>e^-x for x from 0 to 64, by its series for x / 64 and six squarings.</summary>
    internal static double ExpOfMinus(double x)
    {
        double y = -x / 64, term = 1, sum = 1;
        for (int i = 1; i < 20; i++)
        {
            term *= y / i;
            sum += term;
        }

        for (int i = 0; i < 6; i++) sum *= sum;
        return sum;
    }
}
