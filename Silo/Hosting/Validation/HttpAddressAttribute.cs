using System.ComponentModel.DataAnnotations;

namespace Parcae.Silo.Hosting.Validation;

/// <summary>Nothing, or an address of HTTP or HTTPS.</summary>
[AttributeUsage(AttributeTargets.Property)]
public sealed class HttpAddressAttribute : ValidationAttribute
{
    /// <inheritdoc/>
    public override bool IsValid(object? value) => value switch
    {
        null => true,
        Uri { IsAbsoluteUri: true, Scheme: "http" or "https" } => true,
        string text => Uri.TryCreate(text, UriKind.Absolute, out var address) && (address.Scheme is "http" or "https"),
        _ => false,
    };

    /// <inheritdoc/>
    public override string FormatErrorMessage(string name) => "must be an address such as http://127.0.0.1:8080";
}
