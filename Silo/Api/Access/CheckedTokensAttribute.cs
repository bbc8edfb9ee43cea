using System.ComponentModel.DataAnnotations;

namespace Parcae.Silo.Api.Access;

/// <summary>Tokens that can be told apart and not be guessed. A message never has a secret in it.</summary>
[AttributeUsage(AttributeTargets.Property)]
internal sealed class CheckedTokensAttribute : ValidationAttribute
{
    /// <inheritdoc/>
    protected override ValidationResult? IsValid(object? value, ValidationContext validationContext) => Problem((ApiTokens)value!) is { } problem
        ? new ValidationResult($"must give each a name, and a secret of its own of at least {ApiToken.ShortestSecret} printable characters without spaces: {problem}", [validationContext.MemberName!])
        : ValidationResult.Success;

    private static string? Problem(ApiTokens tokens)
    {
        foreach (var token in tokens)
        {
            var results = new List<ValidationResult>();
            if (!Validator.TryValidateObject(token, new ValidationContext(token), results, validateAllProperties: true)) return $"the name '{token.Name}' {results[0].ErrorMessage}";
            if (token.Secret.Length < ApiToken.ShortestSecret) return $"that of '{token.Name}' has {token.Secret.Length}";
            if (token.Secret.Any(c => c is <= ' ' or > '~')) return $"that of '{token.Name}' has others";
        }

        return tokens.GroupBy(t => t.Secret, StringComparer.Ordinal).FirstOrDefault(g => g.Count() > 1) is { } twice
            ? $"those of {string.Join(" and ", twice.Select(t => $"'{t.Name}'"))} are the same"
            : null;
    }
}
