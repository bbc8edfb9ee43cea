using Parcae.Grains;

namespace Parcae.Client;

/// <summary>The service could not be reached, or stopped answering for longer than the client's patience.</summary>
public sealed class ParcaeUnavailableException : Exception
{
    /// <summary>Creates an exception without a message.</summary>
    public ParcaeUnavailableException() { }

    /// <summary>Creates an exception with a message.</summary>
    public ParcaeUnavailableException(string message) : base(message) { }

    /// <summary>Creates an exception with a message and a cause.</summary>
    public ParcaeUnavailableException(string message, Exception innerException) : base(message, innerException) { }
}

/// <summary>A job spec has problems; nothing was submitted.</summary>
public sealed class JobSpecException : ArgumentException
{
    /// <summary>Creates an exception without problems.</summary>
    public JobSpecException() { }

    /// <summary>Creates an exception with a message of its own.</summary>
    public JobSpecException(string message) : base(message) { }

    /// <summary>Creates an exception with a message and a cause of its own.</summary>
    public JobSpecException(string message, Exception innerException) : base(message, innerException) { }

    /// <summary>Creates the exception; the message has one problem a line.</summary>
    public JobSpecException(IReadOnlyList<string> problems)
        : base(string.Join(Environment.NewLine, problems))
    {
        Problems = problems;
    }

    /// <summary>Every problem, as <see cref="JobSpecValidation.Problems"/> words them.</summary>
    public IReadOnlyList<string> Problems { get; } = [];
}
