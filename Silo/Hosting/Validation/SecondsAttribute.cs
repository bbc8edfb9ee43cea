using System.ComponentModel.DataAnnotations;
using System.Globalization;

namespace Parcae.Silo.Hosting.Validation;

/// <summary>A time between two limits, both allowed: seconds, or a <see cref="TimeSpan"/>.</summary>
/// <param name="minimum">The least, seconds.</param>
/// <param name="maximum">The most, seconds.</param>
[AttributeUsage(AttributeTargets.Property)]
public sealed class SecondsAttribute(double minimum, double maximum) : ValidationAttribute
{
    /// <summary>The least, seconds.</summary>
    public double Minimum => minimum;

    /// <summary>The most, seconds.</summary>
    public double Maximum => maximum;

    /// <inheritdoc/>
    public override bool IsValid(object? value) => value switch
    {
        null => true,
        TimeSpan time => time.TotalSeconds >= minimum && time.TotalSeconds <= maximum,
        double seconds => seconds >= minimum && seconds <= maximum,
        _ => false,
    };

    /// <inheritdoc/>
    public override string FormatErrorMessage(string name) => string.Create(CultureInfo.InvariantCulture, $"must be from {minimum} to {maximum} seconds");
}
