using System.CommandLine;
using System.CommandLine.Parsing;
using System.Globalization;

namespace Parcae.Cli.Commands;

/// <summary>Options whose messages say what was wrong, with the value, and what would be right.</summary>
internal static class Values
{
    /// <summary>A whole number within limits.</summary>
    public static Option<int> Int(string name, string description, int @default, int least, int most) =>
        With(new Option<int>(name) { Description = description, HelpName = "N", DefaultValueFactory = _ => @default },
            text => int.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out int v) && v >= least && v <= most ? (true, v) : default,
            $"a whole number from {least} to {most}");

    /// <summary>A whole number within limits, or nothing.</summary>
    public static Option<int?> OptionalInt(string name, string description, int least, int most) =>
        With(new Option<int?>(name) { Description = description, HelpName = "N" },
            text => int.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out int v) && v >= least && v <= most ? (true, (int?)v) : default,
            $"a whole number from {least} to {most}");

    /// <summary>A number within limits.</summary>
    public static Option<double> Double(string name, string description, double @default, double least, double most) =>
        With(new Option<double>(name) { Description = description, HelpName = "X", DefaultValueFactory = _ => @default },
            text => double.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out double v) && v >= least && v <= most ? (true, v) : default,
            $"a number from {least} to {most}");

    /// <summary>A number within limits, or nothing.</summary>
    public static Option<double?> OptionalDouble(string name, string description, double least, double most) =>
        With(new Option<double?>(name) { Description = description, HelpName = "X" },
            text => double.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out double v) && v >= least && v <= most ? (true, (double?)v) : default,
            $"a number from {least} to {most}");

    /// <summary>A span of seconds: <c>3</c>, <c>3s</c>, <c>500ms</c>, <c>2m</c>; null when it is left out (the help would print a default as 00:00:03).</summary>
    public static Option<TimeSpan?> Seconds(string name, string description, TimeSpan least, TimeSpan most) =>
        With(new Option<TimeSpan?>(name) { Description = description, HelpName = "SECONDS" },
            text => TryParseSpan(text, out var v) && v >= least && v <= most ? (true, (TimeSpan?)v) : default,
            $"seconds from {least.TotalSeconds:0.###} to {most.TotalSeconds:0.###}, like 3, 3s, 500ms or 2m");

    /// <summary>A span, its unit being seconds unless it says otherwise.</summary>
    internal static bool TryParseSpan(string text, out TimeSpan span)
    {
        text = text.Trim();
        (string number, double scale) = text switch
        {
            _ when text.EndsWith("ms", StringComparison.Ordinal) => (text[..^2], 0.001),
            _ when text.EndsWith('s') => (text[..^1], 1.0),
            _ when text.EndsWith('m') => (text[..^1], 60.0),
            _ => (text, 1.0),
        };
        bool good = double.TryParse(number, NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out double value) && value * scale < 1e9;
        span = good ? TimeSpan.FromSeconds(value * scale) : default;
        return good;
    }

    private static Option<T> With<T>(Option<T> option, Func<string, (bool Good, T Value)> parse, string right)
    {
        option.CustomParser = result =>
        {
            // Without a token there is no value to complain about: the parser itself says that one is missing.
            if (result.Tokens.Count == 0) return default;
            string text = result.Tokens[^1].Value;
            var (good, value) = parse(text);
            if (!good) result.AddError($"{option.Name}: '{text}' is not valid; it must be {right}.");
            return value;
        };
        return option;
    }
}
