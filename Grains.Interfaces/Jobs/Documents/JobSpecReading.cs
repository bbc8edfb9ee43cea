namespace Parcae.Grains;

/// <summary>What a job's document says: a spec, or what is wrong with it.</summary>
public sealed record JobSpecReading
{
    /// <summary>The spec; null when there are problems.</summary>
    public JobSpec? Spec { get; init; }

    /// <summary>Every problem, in the order of the document's lines; empty when there is a spec.</summary>
    public IReadOnlyList<DocumentProblem> Problems { get; init; } = [];
}

/// <summary>A job's document has problems; the message has one a line.</summary>
public sealed class JobSpecDocumentException : FormatException
{
    /// <summary>Creates an exception without problems.</summary>
    public JobSpecDocumentException() { }

    /// <summary>Creates an exception with a message of its own.</summary>
    public JobSpecDocumentException(string message) : base(message) { }

    /// <summary>Creates an exception with a message and a cause of its own.</summary>
    public JobSpecDocumentException(string message, Exception innerException) : base(message, innerException) { }

    /// <summary>Creates the exception.</summary>
    public JobSpecDocumentException(IReadOnlyList<DocumentProblem> problems) : base(string.Join(Environment.NewLine, problems)) => Problems = problems;

    /// <summary>Every problem, in the order of the document's lines.</summary>
    public IReadOnlyList<DocumentProblem> Problems { get; } = [];
}
