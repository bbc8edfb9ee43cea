namespace Parcae.GpuWorker.Generation;

/// <summary>How a text is continued.</summary>
/// <param name="Tokens">Tokens to generate.</param>
/// <param name="Temperature">Divides the logits; 0: always the likeliest token.</param>
/// <param name="TopK">Only the k likeliest tokens are drawn from; 0: all of them.</param>
/// <param name="Seed">Fixes every draw.</param>
public sealed record GenerationOptions(int Tokens, double Temperature = 1, int TopK = 0, int Seed = 1)
{
    /// <summary>Refuses what makes no sense.</summary>
    /// <exception cref="ArgumentException">A value is out of range; the message has the value and what would be right.</exception>
    public void Validate()
    {
        if (Tokens < 0) throw new ArgumentException($"tokens: {Tokens} is not valid; it must be at least 0.");
        if (!(Temperature >= 0 && double.IsFinite(Temperature))) throw new ArgumentException($"temperature: {Temperature} is not valid; it must be a finite number, at least 0.");
        if (TopK < 0) throw new ArgumentException($"top-k: {TopK} is not valid; it must be at least 0.");
    }
}
