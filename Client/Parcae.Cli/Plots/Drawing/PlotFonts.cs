using SkiaSharp;

namespace Parcae.Cli.Plots.Drawing;

/// <summary>The bundled font (Inter): the machine may have none.</summary>
internal static class PlotFonts
{
    private static readonly Lazy<SKTypeface> Regular = new(() => Load("Inter-Regular.otf"));
    private static readonly Lazy<SKTypeface> Strong = new(() => Load("Inter-SemiBold.otf"));

    /// <summary>Regular, or semi-bold from weight 550 on.</summary>
    public static SKTypeface OfWeight(double weight) => weight < 550 ? Regular.Value : Strong.Value;

    private static SKTypeface Load(string name)
    {
        using var stream = typeof(PlotFonts).Assembly.GetManifestResourceStream(name)
            ?? throw new InvalidOperationException($"The command was built without its resource {name}.");
        using var data = SKData.Create(stream);
        return SKTypeface.FromData(data) ?? throw new InvalidOperationException($"The resource {name} is not a font that Skia reads.");
    }
}
