using Parcae.GpuWorker.Models;

namespace Parcae.GpuWorker.Data;

/// <summary>
/// Masked language modelling (Devlin et al. 2018, section 3.1): 15 % of the positions are to be predicted, at least one, and as many in every sample, so that the mean
/// over micro-batches of equal size is the mean over all of them. Of these, 80 % are replaced by the mask, 10 % by any token, 10 % stay.
/// </summary>
internal sealed class MaskedTokens : ITokenObjective
{
    /// <summary>Target of a position that is not to be predicted.</summary>
    public const long Ignored = -100;

    private readonly int _mask;
    private readonly int _tokens;

    /// <summary>Masks sequences.</summary>
    /// <param name="sequence">Tokens of a sample.</param>
    /// <param name="mask">Id of the mask token.</param>
    /// <param name="tokens">Ids below this are put in place of 10 % of the positions.</param>
    public MaskedTokens(int sequence, int mask, int tokens)
    {
        (Sequence, _mask, _tokens) = (sequence, mask, tokens);
        Masked = Math.Max(1, (15 * sequence + 50) / 100);
    }

    /// <summary>Positions that are to be predicted: 15 % of the sequence, rounded half up.</summary>
    public int Masked { get; }

    public int Sequence { get; }

    public int Length => Sequence;

    public void Write(ReadOnlySpan<long> tokens, ulong seed, Span<long> inputs, Span<long> targets)
    {
        tokens.CopyTo(inputs);
        targets.Fill(Ignored);
        var positions = new Permutation(Sequence, seed);
        for (int i = 0; i < Masked; i++)
        {
            int position = (int)positions.At(i);
            targets[position] = tokens[position];
            ulong draw = Mixing.Seed((long)seed, i);
            inputs[position] = (draw % 10) switch
            {
                < 8 => _mask,
                8 => (long)(Mixing.Mix(draw + 1) % (ulong)_tokens),
                _ => tokens[position],
            };
        }
    }
}
