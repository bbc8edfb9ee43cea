using Spectre.Console;
using Spectre.Console.Rendering;

namespace Parcae.Cli.Demo.View;

/// <summary>
/// Lines of markup whose width is ours to decide: nothing wraps, so that a picture which is drawn again and again does not jump. (Tables of the console library
/// break cells at spaces as soon as they get narrow.)
/// </summary>
internal static class MarkupLines
{
    /// <summary>Characters that a line takes on the screen.</summary>
    public static int Width(string line) => Markup.Remove(line).Length;

    /// <summary>The line, filled up with spaces.</summary>
    public static string Pad(string line, int width) => line + new string(' ', Math.Max(0, width - Width(line)));

    /// <summary>Text of at most <paramref name="length"/> characters, not yet markup.</summary>
    public static string Shorten(string text, int length) =>
        text.Length <= length ? text : string.Concat(text.AsSpan(0, Math.Max(1, length - 1)), "…");

    /// <summary>Two blocks of lines beside each other.</summary>
    public static IEnumerable<string> Beside(IReadOnlyList<string> left, IReadOnlyList<string> right, int gap)
    {
        int width = left.Max(Width) + gap;
        for (int i = 0; i < Math.Max(left.Count, right.Count); i++)
            yield return Pad(i < left.Count ? left[i] : "", width) + (i < right.Count ? right[i] : "");
    }

    /// <summary>The lines as something to draw; those that are too long lose their colours and their end.</summary>
    public static IRenderable ToRenderable(IEnumerable<string> lines, int width) => new Rows(lines.Select(line =>
        // Markup without a single character takes no line at all.
        line.Length == 0 ? (IRenderable)new Text(" ") : Width(line) <= width ? new Markup(line) : new Text(Shorten(Markup.Remove(line), width))));
}
