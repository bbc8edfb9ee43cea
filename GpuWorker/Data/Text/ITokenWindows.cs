namespace Parcae.GpuWorker.Data;

/// <summary>Sequences of tokens to make samples of.</summary>
internal interface ITokenWindows : IDisposable
{
    /// <summary>Number of sequences.</summary>
    long Count { get; }

    /// <summary>Reads a sequence.</summary>
    /// <param name="window">0 .. Count-1.</param>
    /// <param name="number">Number of the sample that it is for.</param>
    /// <param name="tokens">Receives as many tokens as a sample needs.</param>
    /// <returns>Hash of the number and of the tokens.</returns>
    ulong Read(long window, long number, Span<long> tokens);
}
