using OxyPlot;

using SkiaSharp;

namespace Parcae.Cli.Plots.Drawing;

/// <summary>What OxyPlot draws on for PNG, and measures text with for SVG: a Skia canvas with the bundled font.</summary>
/// <remarks>
/// The height of a text is that of its capitals: figures and short labels are seen to be centred by them, and the SVG writer puts the base line where the text ends.
/// </remarks>
/// <param name="canvas">Where to draw.</param>
/// <param name="room">Widths of texts are told that much wider than they are: above 1 for a reader that may have a wider font.</param>
internal sealed class SkiaContext(SKCanvas canvas, double room = 1) : ClippingRenderContext
{
    /// <inheritdoc/>
    public override void DrawLine(
        IList<ScreenPoint> points, OxyColor stroke, double thickness, EdgeRenderingMode edgeRenderingMode, double[]? dashArray, LineJoin lineJoin)
    {
        if (points.Count < 2 || !stroke.IsVisible() || thickness <= 0) return;
        using var path = PathOf(points, close: false, Snaps(points, edgeRenderingMode));
        Stroke(path, stroke, thickness, dashArray, lineJoin);
    }

    /// <inheritdoc/>
    public override void DrawPolygon(
        IList<ScreenPoint> points, OxyColor fill, OxyColor stroke, double thickness, EdgeRenderingMode edgeRenderingMode, double[]? dashArray, LineJoin lineJoin)
    {
        if (points.Count < 3) return;
        using var path = PathOf(points, close: true, Snaps(points, edgeRenderingMode));
        if (fill.IsVisible())
        {
            using var paint = new SKPaint { Color = ColourOf(fill), IsAntialias = true };
            canvas.DrawPath(path, paint);
        }

        if (stroke.IsVisible() && thickness > 0) Stroke(path, stroke, thickness, dashArray, lineJoin);
    }

    /// <inheritdoc/>
    public override void DrawText(
        ScreenPoint p, string? text, OxyColor fill, string? fontFamily, double fontSize, double fontWeight, double rotate, HorizontalAlignment halign,
        VerticalAlignment valign, OxySize? maxSize)
    {
        if (string.IsNullOrEmpty(text) || !fill.IsVisible()) return;
        using var font = FontOf(fontSize, fontWeight);
        using var paint = new SKPaint { Color = ColourOf(fill), IsAntialias = true };
        float width = WidthOf(font, text);
        float x = halign switch { HorizontalAlignment.Left => 0, HorizontalAlignment.Center => -width / 2, _ => -width };
        float y = valign switch { VerticalAlignment.Top => font.Metrics.CapHeight, VerticalAlignment.Middle => font.Metrics.CapHeight / 2, _ => 0 };
        using var restore = new SKAutoCanvasRestore(canvas);
        canvas.Translate((float)p.X, (float)p.Y);
        canvas.RotateDegrees((float)rotate);
        canvas.DrawText(text, x, y, font, paint);
    }

    /// <inheritdoc/>
    public override OxySize MeasureText(string? text, string? fontFamily, double fontSize, double fontWeight)
    {
        if (string.IsNullOrEmpty(text)) return OxySize.Empty;
        using var font = FontOf(fontSize, fontWeight);
        return new OxySize(WidthOf(font, text) * room, font.Metrics.CapHeight);
    }

    /// <inheritdoc/>
    protected override void SetClip(OxyRect clippingRectangle)
    {
        canvas.Save();
        canvas.ClipRect(new SKRect((float)clippingRectangle.Left, (float)clippingRectangle.Top, (float)clippingRectangle.Right, (float)clippingRectangle.Bottom));
    }

    /// <inheritdoc/>
    protected override void ResetClip() => canvas.Restore();

    private void Stroke(SKPath path, OxyColor colour, double thickness, double[]? dashes, LineJoin join)
    {
        using var effect = dashes is { Length: > 0 } ? SKPathEffect.CreateDash(Array.ConvertAll(dashes, d => (float)(d * thickness)), 0) : null;
        using var paint = new SKPaint
        {
            Style = SKPaintStyle.Stroke,
            Color = ColourOf(colour),
            StrokeWidth = (float)thickness,
            StrokeJoin = join switch { LineJoin.Miter => SKStrokeJoin.Miter, LineJoin.Round => SKStrokeJoin.Round, _ => SKStrokeJoin.Bevel },
            PathEffect = effect,
            IsAntialias = true,
        };
        canvas.DrawPath(path, paint);
    }

    private static SKPath PathOf(IList<ScreenPoint> points, bool close, bool snap)
    {
        var path = new SKPath();
        path.AddPoly([.. points.Select(p => snap ? new SKPoint(Snap(p.X), Snap(p.Y)) : new SKPoint((float)p.X, (float)p.Y))], close);
        return path;
    }

    // Level and upright lines on whole pixels are sharp, slanted ones would get steps.
    private static bool Snaps(IList<ScreenPoint> points, EdgeRenderingMode mode) => mode != EdgeRenderingMode.PreferGeometricAccuracy && IsStraightLine(points);

    private static float Snap(double place) => (float)(Math.Round(place * PngFigure.Scale) / PngFigure.Scale);

    private static float WidthOf(SKFont font, string text) => font.MeasureText(font.Typeface.GetGlyphs(text));

    private static SKFont FontOf(double size, double weight) => new(PlotFonts.OfWeight(weight), (float)size) { Subpixel = true, Hinting = SKFontHinting.None };

    private static SKColor ColourOf(OxyColor colour) => new(colour.R, colour.G, colour.B, colour.A);
}
