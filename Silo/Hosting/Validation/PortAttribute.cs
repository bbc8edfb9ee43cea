using System.ComponentModel.DataAnnotations;

namespace Parcae.Silo.Hosting.Validation;

/// <summary>A port; 0 has a meaning of its own where it is allowed.</summary>
/// <param name="minimum">0 or 1.</param>
[AttributeUsage(AttributeTargets.Property)]
public sealed class PortAttribute(int minimum = 0) : ValidationAttribute
{
    private const int Most = 65535;

    /// <summary>The least.</summary>
    public int Minimum => minimum;

    /// <inheritdoc/>
    public override bool IsValid(object? value) => value is null || (value is int port && port >= minimum && port <= Most);

    /// <inheritdoc/>
    public override string FormatErrorMessage(string name) => $"must be a port from {minimum} to {Most}";
}
