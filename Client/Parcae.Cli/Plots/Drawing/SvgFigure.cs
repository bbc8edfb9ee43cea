using System.Globalization;
using System.Text;
using System.Xml;
using System.Xml.Linq;

using OxyPlot;

using SkiaSharp;

namespace Parcae.Cli.Plots.Drawing;

/// <summary>A figure as an SVG file: text stays text, in the reader's sans-serif font.</summary>
internal static class SvgFigure
{
    /// <summary>DejaVu Sans, the widest of the usual sans-serif fonts, is that much wider than the one that is measured with.</summary>
    private const double Room = 1.17;

    /// <summary>The file's bytes; the same figure gives the same bytes.</summary>
    public static byte[] Render(Figure figure)
    {
        double height = Math.Ceiling(figure.Height);
        using var drawn = new MemoryStream();
        // Measured with the bundled font, so that both formats have nearly one layout.
        using var nowhere = new SKNoDrawCanvas(1, 1);
        using var context = new SvgRenderContext(
            drawn, Figure.Width, height, isDocument: false, new SkiaContext(nowhere, Room), OxyColors.Undefined, useVerticalTextAlignmentWorkaround: true);
        FigureDrawing.Draw(context, figure);
        context.Complete();
        context.Flush();
        drawn.Position = 0;
        return Finish(XDocument.Load(drawn), figure, height);
    }

    /// <summary>Adds what the library leaves out: a view box, without which the picture cannot be scaled, and a name for those who cannot see it.</summary>
    private static byte[] Finish(XDocument svg, Figure figure, double height)
    {
        var root = svg.Root!;
        root.SetAttributeValue("viewBox", string.Create(CultureInfo.InvariantCulture, $"0 0 {Figure.Width} {height}"));
        root.SetAttributeValue("role", "img");
        root.AddFirst(new XElement(root.Name.Namespace + "title", figure.Title));
        using var finished = new MemoryStream();
        using (var writer = XmlWriter.Create(finished, new XmlWriterSettings { Encoding = new UTF8Encoding(false), Indent = true, NewLineChars = "\n" })) svg.Save(writer);
        return finished.ToArray();
    }
}
