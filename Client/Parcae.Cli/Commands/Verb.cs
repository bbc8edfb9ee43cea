using System.CommandLine;

namespace Parcae.Cli.Commands;

/// <summary>A verb with more to say than fits into a line: the line stands in lists of verbs and at the head of its own help, the rest at the end of it.</summary>
/// <param name="name">As it is typed.</param>
/// <param name="summary">One line.</param>
/// <param name="details">Paragraphs, each one line; wrapped to the terminal.</param>
/// <param name="examples">Command lines, printed as they are.</param>
internal sealed class Verb(string name, string summary, string details, params string[] examples) : Command(name, summary)
{
    /// <summary>Paragraphs, each one line.</summary>
    public string Details { get; } = details;

    /// <summary>Command lines.</summary>
    public IReadOnlyList<string> Examples { get; } = examples;
}
