using Parcae.Grains;

namespace Parcae.GpuWorker.Data;

/// <summary>Opens the tokenizer that a job names.</summary>
public static class Tokenizers
{
    /// <summary>Opens a tokenizer; for <c>bpe</c> reads its vocabulary.</summary>
    /// <exception cref="InvalidDataException">There is no such tokenizer, or its files are missing or wrong.</exception>
    public static ITokenizer Open(DataSpec data)
    {
        ArgumentNullException.ThrowIfNull(data);
        return data.Tokenizer switch
        {
            "bytes" => ByteTokenizer.Instance,
            "bpe" => new BytePairTokenizer(BytePairVocabulary.Read(data.VocabularyFile, data.MergesFile)),
            _ => throw new InvalidDataException($"data.tokenizer: there is no '{data.Tokenizer}'; known are {string.Join(", ", DataSpec.Tokenizers)}."),
        };
    }
}
