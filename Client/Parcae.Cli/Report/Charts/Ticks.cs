using System.Globalization;

namespace Parcae.Cli.Report.Charts;

/// <summary>Round numbers for axes.</summary>
internal static class Ticks
{
    /// <summary>About <paramref name="wanted"/> round numbers within [<paramref name="from"/>, <paramref name="to"/>], 1, 2 or 5 times a power of ten apart.</summary>
    public static IReadOnlyList<Tick> Round(double from, double to, int wanted, bool whole = false)
    {
        double span = to - from;
        if (!(span > 0)) return [new Tick(from, Label(from, 1))];
        double rough = span / wanted, power = Math.Pow(10, Math.Floor(Math.Log10(rough)));
        double step = power * ((rough / power) switch { < 1.5 => 1, < 3.5 => 2, < 7.5 => 5, _ => 10 });
        if (whole) step = Math.Max(1, Math.Round(step));
        var ticks = new List<Tick>();
        // Plus 0: rounding up can give -0, which would be printed as such.
        for (double i = Math.Ceiling(from / step - 1e-9) + 0.0; i * step <= to + step * 1e-9; i++) ticks.Add(new Tick(i * step, Label(i * step, step)));
        return ticks;
    }

    private static string Label(double value, double step)
    {
        int decimals = Math.Clamp((int)-Math.Floor(Math.Log10(step)), 0, 8);
        return value.ToString("N" + decimals, CultureInfo.InvariantCulture);
    }
}
