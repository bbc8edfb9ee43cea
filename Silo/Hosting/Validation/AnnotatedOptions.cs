using System.ComponentModel.DataAnnotations;
using System.Globalization;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;

namespace Parcae.Silo.Hosting.Validation;

/// <summary>Checks what the attributes of a class of options or settings ask for.</summary>
internal static class AnnotatedOptions
{
    /// <summary>Everything that is wrong: the member, its value, and what would be right.</summary>
    public static IReadOnlyList<(string Member, string Value, string Right)> Problems(object options)
    {
        var results = new List<ValidationResult>();
        Validator.TryValidateObject(options, new ValidationContext(options), results, validateAllProperties: true);
        return [.. results.Select(r =>
        {
            string member = r.MemberNames.First();
            object? value = options.GetType().GetProperty(member)!.GetValue(options);
            string text = Convert.ToString(value, CultureInfo.InvariantCulture) is { Length: > 0 } said ? said : "(none)";
            return (member, text, r.ErrorMessage!);
        })];
    }

    /// <summary>Has options checked when the host starts.</summary>
    public static OptionsBuilder<TOptions> AddChecked<TOptions>(this IServiceCollection services)
        where TOptions : class
    {
        services.AddSingleton<IValidateOptions<TOptions>>(new Check<TOptions>());
        return services.AddOptionsWithValidateOnStart<TOptions>();
    }

    private sealed class Check<TOptions> : IValidateOptions<TOptions>
        where TOptions : class
    {
        public ValidateOptionsResult Validate(string? name, TOptions options)
        {
            string[] problems = [.. Problems(options).Select(p => $"{typeof(TOptions).Name}.{p.Member} is {p.Value}; it {p.Right}.")];
            return problems.Length == 0 ? ValidateOptionsResult.Success : ValidateOptionsResult.Fail(problems);
        }
    }
}
