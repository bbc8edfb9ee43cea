namespace Parcae.GpuWorker.Data;

/// <summary>What is to be predicted of a sequence of tokens.</summary>
internal interface ITokenObjective
{
    /// <summary>Tokens of a sample's input and targets.</summary>
    int Sequence { get; }

    /// <summary>Tokens that a sample is made from.</summary>
    int Length { get; }

    /// <summary>Makes a sample.</summary>
    /// <param name="tokens"><see cref="Length"/> tokens.</param>
    /// <param name="seed">Fixes what is drawn at random.</param>
    /// <param name="inputs">Receives <see cref="Sequence"/> tokens.</param>
    /// <param name="targets">Receives <see cref="Sequence"/> tokens, -100 where none is to be predicted.</param>
    void Write(ReadOnlySpan<long> tokens, ulong seed, Span<long> inputs, Span<long> targets);
}

/// <summary>At every position the token that follows.</summary>
internal sealed class NextToken(int sequence) : ITokenObjective
{
    public int Sequence => sequence;

    public int Length => sequence + 1;

    public void Write(ReadOnlySpan<long> tokens, ulong seed, Span<long> inputs, Span<long> targets)
    {
        tokens[..sequence].CopyTo(inputs);
        tokens[1..].CopyTo(targets);
    }
}
