using System.Collections.Concurrent;
using System.ComponentModel;
using System.ComponentModel.DataAnnotations;
using System.Globalization;
using System.Reflection;
using System.Text.Json;

namespace Parcae.Liveput.Traces.Synthetic;

/// <summary>A number that a kind of synthetic trace can be told.</summary>
public sealed class SyntheticParameter
{
    private static readonly ConcurrentDictionary<Type, SyntheticParameter[]> Known = new();

    private readonly PropertyInfo _property;

    private SyntheticParameter(PropertyInfo property, RangeAttribute range)
    {
        _property = property;
        Name = JsonNamingPolicy.KebabCaseLower.ConvertName(property.Name);
        Description = property.GetCustomAttribute<DescriptionAttribute>()?.Description ?? "";
        IsWhole = property.PropertyType == typeof(int);
        Least = Convert.ToDouble(range.Minimum, CultureInfo.InvariantCulture);
        Most = Convert.ToDouble(range.Maximum, CultureInfo.InvariantCulture);
    }

    /// <summary>Its spelling: <c>recovery-minutes</c>.</summary>
    public string Name { get; }

    /// <summary>What it is, in a sentence.</summary>
    public string Description { get; }

    /// <summary>Whether it is a whole number.</summary>
    public bool IsWhole { get; }

    /// <summary>Its least value.</summary>
    public double Least { get; }

    /// <summary>Its greatest value.</summary>
    public double Most { get; }

    /// <summary>All parameters of a kind, the common ones first.</summary>
    public static IReadOnlyList<SyntheticParameter> Of(SyntheticOptions options)
    {
        ArgumentNullException.ThrowIfNull(options);
        return Known.GetOrAdd(options.GetType(), type =>
            [.. from property in type.GetProperties()
                let range = property.GetCustomAttribute<RangeAttribute>()
                where range is not null
                orderby property.DeclaringType == type, property.MetadataToken
                select new SyntheticParameter(property, range)]);
    }

    /// <summary>Its value in these options.</summary>
    public double Get(SyntheticOptions options) => Convert.ToDouble(_property.GetValue(options), CultureInfo.InvariantCulture);

    /// <summary>The options with another value of it.</summary>
    /// <exception cref="ArgumentException">The value is out of range.</exception>
    public SyntheticOptions With(SyntheticOptions options, double value)
    {
        ArgumentNullException.ThrowIfNull(options);
        if (Problem(value) is { } problem) throw new ArgumentException(problem);
        var changed = options with { };
        _property.SetValue(changed, IsWhole ? (object)(int)value : value);
        return changed;
    }

    /// <summary>What is wrong with a value, or null.</summary>
    public string? Problem(double value) => value >= Least && value <= Most && (!IsWhole || value == Math.Floor(value))
        ? null
        : $"{Name} is {value}; it must be {(IsWhole ? "a whole number" : "a number")} from {Least} to {Most}.";
}
