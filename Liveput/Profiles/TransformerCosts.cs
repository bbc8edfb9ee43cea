namespace Parcae.Liveput.Profiles;

/// <summary>Layer costs of a GPT trained in float32: embedding, blocks, final norm with an untied output head.</summary>
public static class TransformerCosts
{
    private const int BytesPerValue = 4;
    private const int BytesPerToken = 8;

    /// <summary>The <paramref name="blocks"/> + 2 layers in order.</summary>
    /// <param name="blocks">Transformer blocks, at least 1.</param>
    /// <param name="hidden">Width h of the residual stream.</param>
    /// <param name="heads">Attention heads; divides <paramref name="hidden"/>.</param>
    /// <param name="sequence">Tokens per sample.</param>
    /// <param name="vocabulary">Number of tokens.</param>
    /// <remarks>
    /// Activations of a block, in multiples of <c>[sequence, hidden]</c>: both norms' inputs and outputs (4), queries, keys and values (3), attention's output before and after its product (2), the
    /// MLP before and after its activation function (8) and its output (1); attention keeps one log-sum per head and token, not its probabilities.
    /// </remarks>
    /// <exception cref="ArgumentOutOfRangeException">A dimension is not positive, or the heads do not divide the width.</exception>
    public static LayerCost[] Layers(int blocks, int hidden, int heads, int sequence, int vocabulary)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(blocks, 1);
        ArgumentOutOfRangeException.ThrowIfLessThan(hidden, 1);
        ArgumentOutOfRangeException.ThrowIfLessThan(heads, 1);
        ArgumentOutOfRangeException.ThrowIfLessThan(sequence, 1);
        ArgumentOutOfRangeException.ThrowIfLessThan(vocabulary, 1);
        if (hidden % heads != 0)
        {
            throw new ArgumentOutOfRangeException(nameof(heads), heads, $"The number of heads must divide the width {hidden}.");
        }

        long h = hidden, s = sequence, v = vocabulary;
        long residual = BytesPerValue * s * h;
        var layers = new LayerCost[blocks + 2];
        layers[0] = new LayerCost((v + s) * h, s * h, BytesPerToken * s, residual);
        var block = new LayerCost((12 * h * h) + (13 * h), (24.0 * h * h * s) + (4.0 * s * s * h), (18 * residual) + (BytesPerValue * heads * s), residual);
        Array.Fill(layers, block, 1, blocks);
        // The norm's input and output, the logits and their softmax.
        layers[^1] = new LayerCost((2 * h) + (h * v), 2.0 * h * v * s, (2 * residual) + (2 * BytesPerValue * s * v), 0);
        return layers;
    }
}
