using Parcae.GpuWorker.Models;

namespace Parcae.GpuWorker.Generation;

/// <summary>Draws tokens from logits: a function of the logits, the options and the number of the draw alone.</summary>
internal static class TokenSampler
{
    /// <summary>Draws one token.</summary>
    /// <param name="logits">One for each token.</param>
    /// <param name="options">Temperature, top-k and seed.</param>
    /// <param name="draw">Number of the draw, from 0.</param>
    public static int Draw(ReadOnlySpan<float> logits, GenerationOptions options, int draw)
    {
        // The likeliest first, of equals the first: also the order in which the probabilities are added up.
        var keys = logits.ToArray();
        var tokens = Enumerable.Range(0, keys.Length).ToArray();
        if (keys.Any(l => !float.IsFinite(l))) throw new InvalidOperationException($"The model gives a logit that is not finite, of token {Array.FindIndex(keys, l => !float.IsFinite(l))}: its parameters are no good.");
        if (options.Temperature == 0) return Array.IndexOf(keys, keys.Max());
        Array.Sort(tokens, (a, b) => keys[a] != keys[b] ? keys[b].CompareTo(keys[a]) : a.CompareTo(b));
        int kept = options.TopK == 0 ? tokens.Length : Math.Min(options.TopK, tokens.Length);
        var weights = new double[kept];
        double sum = 0;
        for (int i = 0; i < kept; i++) sum += weights[i] = Math.Exp(((double)keys[tokens[i]] - keys[tokens[0]]) / options.Temperature);
        double left = (Mixing.Seed(options.Seed, draw) >> 11) * (1.0 / (1L << 53)) * sum;
        for (int i = 0; i < kept; i++)
        {
            left -= weights[i];
            if (left < 0) return tokens[i];
        }

        return tokens[kept - 1]; // by rounding
    }
}
