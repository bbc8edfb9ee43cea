using OxyPlot;

namespace Parcae.Cli.Plots.Drawing;

/// <summary>The colours of all pictures: Okabe and Ito's, which colour-blind readers tell apart, and greys.</summary>
internal static class Palette
{
    /// <summary>Text and what really happened.</summary>
    public static readonly OxyColor Ink = OxyColor.FromRgb(0x26, 0x26, 0x26);

    /// <summary>Text of less weight, and the ideal that nothing reaches.</summary>
    public static readonly OxyColor Muted = OxyColor.FromRgb(0x6E, 0x6E, 0x6E);

    /// <summary>Axis lines.</summary>
    public static readonly OxyColor Rule = OxyColor.FromRgb(0xB4, 0xB4, 0xB4);

    /// <summary>Grid lines.</summary>
    public static readonly OxyColor Grid = OxyColor.FromRgb(0xE9, 0xE9, 0xE9);

    /// <summary>What was available and lies unused.</summary>
    public static readonly OxyColor Unused = OxyColor.FromRgb(0xDD, 0xDD, 0xDD);

    /// <summary>Losses and pauses.</summary>
    public static readonly OxyColor Loss = OxyColor.FromRgb(0xD5, 0x5E, 0x00);

    /// <summary>Joins.</summary>
    public static readonly OxyColor Join = OxyColor.FromRgb(0x00, 0x9E, 0x73);

    /// <summary>Forecasts; their bands are lighter.</summary>
    public static readonly OxyColor Forecast = OxyColor.FromRgb(0x00, 0x72, 0xB2);

    // Without the yellow, which is hardly seen on white; vermilion and black last, since losses and availability have them too.
    private static readonly OxyColor[] Policies =
    [
        OxyColor.FromRgb(0xE6, 0x9F, 0x00), OxyColor.FromRgb(0x00, 0x72, 0xB2), OxyColor.FromRgb(0x00, 0x9E, 0x73),
        OxyColor.FromRgb(0xCC, 0x79, 0xA7), OxyColor.FromRgb(0x56, 0xB4, 0xE9), OxyColor.FromRgb(0xD5, 0x5E, 0x00),
        OxyColor.FromRgb(0x00, 0x00, 0x00),
    ];

    // Of the first round through the colours, the second and so on.
    private static readonly LineStyle[] Lines = [LineStyle.Solid, LineStyle.Dot, LineStyle.DashDot, LineStyle.Dash];

    // Light to dark, so that the order of depths is seen even without colour.
    private static readonly OxyColor[] Depths =
    [
        OxyColor.FromRgb(0xFD, 0xE1, 0x8A), OxyColor.FromRgb(0xA8, 0xD8, 0xA0), OxyColor.FromRgb(0x5F, 0xBF, 0xAE),
        OxyColor.FromRgb(0x3F, 0x93, 0xB5), OxyColor.FromRgb(0x3B, 0x62, 0x9E), OxyColor.FromRgb(0x3A, 0x2F, 0x6B),
    ];

    /// <summary>Name of the policy that all others are compared with.</summary>
    public const string Ideal = "ideal";

    /// <summary>Looks for each policy: grey and dashed for the ideal, the colours in order for the others; when they come round again, other dashes and lighter areas.</summary>
    public static IReadOnlyDictionary<string, PolicyStyle> OfPolicies(IEnumerable<string> names)
    {
        var styles = new Dictionary<string, PolicyStyle>(StringComparer.Ordinal);
        int next = 0;
        foreach (string name in names)
        {
            if (styles.ContainsKey(name)) continue;
            if (name == Ideal)
            {
                styles[name] = new PolicyStyle(Muted, LineStyle.Dash, Muted);
                continue;
            }

            var colour = Policies[next % Policies.Length];
            int round = Math.Min(next / Policies.Length, Lines.Length - 1);
            styles[name] = new PolicyStyle(colour, Lines[round], OxyColor.Interpolate(colour, OxyColors.White, 0.27 * round));
            next++;
        }

        return styles;
    }

    /// <summary>The colour of the depth at a rank among the depths of a figure, shallowest first.</summary>
    public static OxyColor Depth(int rank, int count)
    {
        double at = count == 1 ? 3 : (double)rank / (count - 1) * (Depths.Length - 1);
        int low = Math.Min((int)at, Depths.Length - 2);
        return OxyColor.Interpolate(Depths[low], Depths[low + 1], at - low);
    }

    /// <summary>Black or white, whichever reads better on a colour.</summary>
    public static OxyColor On(OxyColor background) =>
        (0.299 * background.R) + (0.587 * background.G) + (0.114 * background.B) > 140 ? Ink : OxyColors.White;
}

/// <summary>How a policy looks.</summary>
/// <param name="Colour">Of its line and its name.</param>
/// <param name="Line">Dash of its line.</param>
/// <param name="Fill">Of its areas.</param>
internal readonly record struct PolicyStyle(OxyColor Colour, LineStyle Line, OxyColor Fill);
