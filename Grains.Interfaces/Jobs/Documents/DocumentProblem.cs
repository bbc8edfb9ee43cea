namespace Parcae.Grains;

/// <summary>One thing that is wrong with a job's document.</summary>
/// <param name="Path">The field, such as <c>training.globalBatch</c> or <c>data.paths[1]</c>; empty: the document as a whole.</param>
/// <param name="Message">What is wrong, with the value, and what would be right.</param>
/// <param name="Line">Line of the document, from 1; null where it has none, such as a field that is left out.</param>
public sealed record DocumentProblem(string Path, string Message, int? Line = null)
{
    /// <summary><c>line 3: training.globalBatch: 0 is not valid; it must be ...</c></summary>
    public override string ToString() => (Line is { } line ? $"line {line}: " : "") + (Path.Length > 0 ? $"{Path}: {Message}" : Message);
}
