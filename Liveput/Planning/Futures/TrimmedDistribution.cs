namespace Parcae.Liveput.Planning.Futures;

/// <summary>A forecast's distribution without its unlikely ends, to keep the look-ahead small.</summary>
/// <param name="Probabilities">By value, <c>[0 .. max]</c>, summing to 1; 0 outside First .. Last.</param>
/// <param name="First">The least value with a chance.</param>
/// <param name="Last">The greatest.</param>
internal readonly record struct TrimmedDistribution(double[] Probabilities, int First, int Last)
{
    /// <summary>Values at either end with less probability than this are moved inwards.</summary>
    private const double Tail = 1e-4;

    /// <summary>Trims a distribution.</summary>
    /// <exception cref="ArgumentException">It is none: a value is negative or not finite, or all are 0.</exception>
    public static TrimmedDistribution Of(double[] distribution)
    {
        double total = 0;
        foreach (double p in distribution)
        {
            if (!(p >= 0) || !double.IsFinite(p)) throw new ArgumentException($"A forecast holds the probability {p}.", nameof(distribution));
            total += p;
        }

        if (!(total > 0)) throw new ArgumentException("A forecast's distribution has no mass.", nameof(distribution));
        var trimmed = Array.ConvertAll(distribution, p => p / total);
        int first = 0, last = trimmed.Length - 1;
        while (first < last && trimmed[first] < Tail)
        {
            trimmed[first + 1] += trimmed[first];
            trimmed[first++] = 0;
        }

        while (last > first && trimmed[last] < Tail)
        {
            trimmed[last - 1] += trimmed[last];
            trimmed[last--] = 0;
        }

        return new TrimmedDistribution(trimmed, first, last);
    }
}
