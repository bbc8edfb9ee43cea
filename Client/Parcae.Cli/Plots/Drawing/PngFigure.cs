using SkiaSharp;

namespace Parcae.Cli.Plots.Drawing;

/// <summary>A figure as a PNG file.</summary>
internal static class PngFigure
{
    /// <summary>Pixels per unit: 2, so that the pictures stay sharp on dense screens.</summary>
    public const int Scale = 2;

    /// <summary>The file's bytes; the same figure gives the same bytes.</summary>
    public static byte[] Render(Figure figure)
    {
        var size = new SKImageInfo((int)Figure.Width * Scale, (int)Math.Ceiling(figure.Height) * Scale, SKColorType.Rgba8888, SKAlphaType.Premul);
        using var surface = SKSurface.Create(size) ?? throw new InvalidOperationException($"A picture of {size.Width} x {size.Height} pixels cannot be made.");
        surface.Canvas.Clear(SKColors.White);
        surface.Canvas.Scale(Scale);
        FigureDrawing.Draw(new SkiaContext(surface.Canvas), figure);
        using var image = surface.Snapshot();
        using var data = image.Encode(SKEncodedImageFormat.Png, 100);
        return data.ToArray();
    }
}
