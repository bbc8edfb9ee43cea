using System.Xml.Linq;

using Parcae.Cli.Commands;
using Parcae.Cli.Plots;
using Parcae.Cli.Plots.Drawing;

using SkiaSharp;

namespace Parcae.Client.Tests.Plots;

public sealed class PlotFileTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("parcae-plots-").FullName;

    public static TheoryData<string> All => [.. Pictures.Names];

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Theory]
    [MemberData(nameof(All))]
    public void A_png_file_is_a_picture_of_the_figures_size_with_ink_on_white(string name)
    {
        var figure = Pictures.Of(name);
        using var picture = SKBitmap.Decode(Save(name, ".png"));
        Assert.Equal((2400, (int)Math.Ceiling(figure.Height) * 2), (picture.Width, picture.Height));
        Assert.Equal(SKColors.White, picture.GetPixel(0, 0));
        // The headline: without a font it would be blank.
        int dark = Enumerable.Range(0, 400).Sum(x => Enumerable.Range(20, 64).Count(y => picture.GetPixel(40 + x, y).Red < 100));
        Assert.InRange(dark, 300, 20_000);
    }

    [Theory]
    [InlineData("trace", "Trace aws-p3|Instances available|HADP|LASP|joined|lost|minutes into the trace")]
    [InlineData("forecast", "Forecasts of LADP|persistence|one ahead|fans|available|mean forecast|50 %|80 %|95 %|lost|480|540")]
    [InlineData("simulation", "gpt-1.5b on aws-p3:LADP|seed 1|Instances available|ideal|reactive|depth 2|3|5|unused|pause|5 x 3|Samples trained|liveput  0.912|reactive  0.749")]
    [InlineData("comparison", "Fraction of ideal samples|gpt-1.5b|gpt-6.7b|HADP|LADP|reactive|liveput|95 % interval|0.900|none|1.0")]
    public void An_svg_file_is_xml_that_names_what_it_shows(string name, string texts)
    {
        var root = XDocument.Load(Save(name, ".svg")).Root!;
        XNamespace svg = "http://www.w3.org/2000/svg";
        Assert.Equal(svg + "svg", root.Name);
        Assert.Equal($"0 0 1200 {Math.Ceiling(Pictures.Of(name).Height)}", (string?)root.Attribute("viewBox"));
        string[] there = [.. root.Descendants(svg + "text").Select(t => t.Value)];
        foreach (string text in texts.Split('|')) Assert.Contains(text, there);
        Assert.All(root.Descendants(svg + "text"), t => Assert.Equal("sans-serif", (string?)t.Attribute("font-family")));
        Assert.Equal(there[0], root.Element(svg + "title")?.Value);
    }

    [Theory]
    [MemberData(nameof(All))]
    public void The_same_figure_gives_the_same_bytes(string name)
    {
        foreach (string extension in (string[])[".svg", ".png"])
            Assert.Equal(File.ReadAllBytes(Save(name, extension)), File.ReadAllBytes(Save(name, extension)));
    }

    [Theory]
    [InlineData("plot.pdf")]
    [InlineData("plot")]
    [InlineData("")]
    public void Another_extension_is_refused_with_both_that_there_are(string name)
    {
        string path = name.Length == 0 ? name : Path.Combine(_folder, name);
        var e = Assert.Throws<UsageException>(() => PlotFile.Save(path, Pictures.Of("trace")));
        Assert.Equal($"--plot: '{path}' is not valid; it must be a file that ends in .svg or .png.", e.Message);
        Assert.Empty(Directory.GetFileSystemEntries(_folder));
    }

    [Fact]
    public void A_folder_that_does_not_exist_is_named()
    {
        string folder = Path.Combine(_folder, "none");
        var e = Assert.Throws<UsageException>(() => PlotFile.Check(Path.Combine(folder, "plot.svg")));
        Assert.Equal($"--plot: the folder '{folder}' does not exist; it must be one that does.", e.Message);
    }

    [Fact]
    public void A_folder_in_place_of_the_file_is_refused()
    {
        string path = Directory.CreateDirectory(Path.Combine(_folder, "folder.svg")).FullName;
        Assert.Contains("is a folder", Assert.Throws<UsageException>(() => PlotFile.Check(path)).Message);
    }

    [Fact]
    public void A_file_that_cannot_be_written_fails_with_its_name_and_leaves_nothing()
    {
        // Longer than any file system takes; permissions would not stop a test that runs as root.
        string path = Path.Combine(_folder, new string('x', 300) + ".svg");
        Assert.Contains($"'{path}' cannot be written", Assert.Throws<CommandFailedException>(() => PlotFile.Save(path, Pictures.Of("trace"))).Message);
        Assert.Empty(Directory.GetFileSystemEntries(_folder));
    }

    [Fact]
    public void A_failure_to_draw_leaves_the_old_file()
    {
        string path = Path.Combine(_folder, "plot.svg");
        File.WriteAllText(path, "old");
        var broken = new Figure { Title = "\0", Panels = [] };
        Assert.ThrowsAny<Exception>(() => PlotFile.Save(path, broken));
        Assert.Equal("old", File.ReadAllText(path));
        Assert.Equal([path], Directory.GetFileSystemEntries(_folder));
    }

    [Fact]
    public void A_file_that_is_there_is_replaced_and_nothing_else_stays()
    {
        string path = Path.Combine(_folder, "PLOT.SVG");
        File.WriteAllText(path, "old");
        PlotFile.Save(path, Pictures.Of("comparison"));
        Assert.Contains("<svg", File.ReadAllText(path));
        Assert.Equal([path], Directory.GetFileSystemEntries(_folder));
    }

    private string Save(string name, string extension)
    {
        string path = Path.Combine(_folder, name + extension);
        PlotFile.Save(path, Pictures.Of(name));
        return path;
    }
}
