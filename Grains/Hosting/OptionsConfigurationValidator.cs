using System.ComponentModel.DataAnnotations;
using Microsoft.Extensions.Options;

namespace Parcae.Grains.Hosting;

/// <summary>Refuses to start a silo with options out of range; the message names the member, its value and the allowed range.</summary>
internal sealed class OptionsConfigurationValidator<TOptions>(IOptions<TOptions> options) : IConfigurationValidator
    where TOptions : class
{
    public void ValidateConfiguration()
    {
        var value = options.Value;
        var problems = new List<string>();
        foreach (var property in typeof(TOptions).GetProperties())
        {
            foreach (RangeAttribute range in property.GetCustomAttributes(typeof(RangeAttribute), false))
            {
                range.ParseLimitsInInvariantCulture = true;
                range.ConvertValueInInvariantCulture = true;
                object? actual = property.GetValue(value);
                if (!range.IsValid(actual)) problems.Add($"{typeof(TOptions).Name}.{property.Name} is {actual}; it must be from {range.Minimum} to {range.Maximum}.");
            }
        }

        if (problems.Count > 0) throw new OrleansConfigurationException(string.Join(' ', problems));
    }
}
