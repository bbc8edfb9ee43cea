using System.CommandLine;

using Parcae.Cli.Commands;
using Parcae.Cli.Plots.Drawing;

namespace Parcae.Cli.Plots;

/// <summary>Writes figures to files, <c>.svg</c> or <c>.png</c> by the name's extension.</summary>
internal static class PlotFile
{
    /// <summary>The option of a verb that draws.</summary>
    public static Option<string?> Option(string description) => new("--plot") { Description = description, HelpName = "FILE.svg|.png" };

    /// <summary>Whether a figure can go there, to be asked before the work that leads to it.</summary>
    /// <exception cref="UsageException">The extension is another one, the folder does not exist, or the path is a folder.</exception>
    public static void Check(string path)
    {
        _ = RendererOf(path);
        string folder = FolderOf(path);
        if (!Directory.Exists(folder)) throw new UsageException($"--plot: the folder '{folder}' does not exist; it must be one that does.");
        if (Directory.Exists(path)) throw new UsageException($"--plot: '{path}' is a folder; it must be a file that ends in .svg or .png.");
    }

    /// <summary>Draws the figure into a file. The file is there as a whole or not at all: a failure leaves what was there before.</summary>
    /// <exception cref="UsageException">As <see cref="Check"/>.</exception>
    /// <exception cref="CommandFailedException">The file cannot be written.</exception>
    public static void Save(string path, Figure figure)
    {
        Check(path);
        byte[] bytes = RendererOf(path)(figure);
        string temporary = Path.Combine(FolderOf(path), $".{Path.GetFileName(path)}.{Environment.ProcessId}.tmp");
        try
        {
            try
            {
                File.WriteAllBytes(temporary, bytes);
                File.Move(temporary, path, overwrite: true);
            }
            finally
            {
                File.Delete(temporary);
            }
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new CommandFailedException($"--plot: '{path}' cannot be written: {e.Message}", e);
        }
    }

    private static Func<Figure, byte[]> RendererOf(string path) => Path.GetExtension(path).ToUpperInvariant() switch
    {
        ".SVG" => SvgFigure.Render,
        ".PNG" => PngFigure.Render,
        _ => throw new UsageException($"--plot: '{path}' is not valid; it must be a file that ends in .svg or .png."),
    };

    private static string FolderOf(string path) => Path.GetDirectoryName(Path.GetFullPath(path)) ?? Path.GetFullPath(path);
}
