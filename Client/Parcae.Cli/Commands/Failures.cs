namespace Parcae.Cli.Commands;

/// <summary>Something was asked for wrongly: exit code 2, the message alone is shown.</summary>
internal sealed class UsageException(string message) : Exception(message);

/// <summary>Something that can be explained went wrong: exit code 1, the message alone is shown.</summary>
internal sealed class CommandFailedException : Exception
{
    public CommandFailedException(string message) : base(message) { }

    public CommandFailedException(string message, Exception innerException) : base(message, innerException) { }
}
