namespace Parcae.GpuWorker.Data;

/// <summary>Windows of a text that do not overlap: window w begins at token w * sequence.</summary>
internal sealed class TextWindows : ITokenWindows
{
    private readonly TokenDataset _data;
    private readonly int _sequence;

    /// <summary>Cuts a text.</summary>
    /// <param name="data">The text; becomes this object's.</param>
    /// <param name="sequence">Tokens of a sample's input.</param>
    /// <param name="length">Tokens that a sample is made from: one more where the next token is predicted.</param>
    /// <param name="unit">What a token is, for messages: <c>bytes</c>.</param>
    /// <exception cref="InvalidDataException">The text is not enough for one sample.</exception>
    public TextWindows(TokenDataset data, int sequence, int length, string unit)
    {
        (_data, _sequence) = (data, sequence);
        if (data.Length < length)
            throw new InvalidDataException($"{data.Description} has {data.Length} {unit} of text; one sample of sequence length {sequence} needs {length}.");
        Count = (data.Length - (length - sequence)) / sequence;
    }

    public long Count { get; }

    public ulong Read(long window, long number, Span<long> tokens)
    {
        _data.Read(window * _sequence, tokens);
        return SampleHash.Of(number, _data.Raw(window * _sequence, tokens.Length));
    }

    public void Dispose() => _data.Dispose();
}
