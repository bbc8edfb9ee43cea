namespace Parcae.Grains;

/// <summary>Durable state was written by a newer version, whose rules this one does not know; it is left as it is.</summary>
[GenerateSerializer, Alias("parcae.StateTooNewException")]
public sealed class StateTooNewException : Exception
{
    /// <summary>Creates an exception without a message.</summary>
    public StateTooNewException() { }

    /// <summary>Creates an exception with a message.</summary>
    public StateTooNewException(string message) : base(message) { }

    /// <summary>Creates an exception with a message and a cause.</summary>
    public StateTooNewException(string message, Exception innerException) : base(message, innerException) { }

    /// <summary>Says whose state it is, and which rules are known.</summary>
    /// <param name="owner">Whose state.</param>
    /// <param name="schema">The rules that it was written by.</param>
    /// <param name="known">The newest rules that this version knows.</param>
    public StateTooNewException(string owner, int schema, int known)
        : this($"The stored state of {owner} was written by a newer version (its schema is {schema}, this version knows up to {known}). Run that version again, or restore a backup from before the upgrade.") { }
}
