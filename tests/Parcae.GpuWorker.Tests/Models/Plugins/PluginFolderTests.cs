using Parcae.GpuWorker.Models.Plugins;
using Xunit;

namespace Parcae.GpuWorker.Tests.Models.Plugins;

public sealed class PluginFolderTests : IDisposable
{
    private readonly string _root = Directory.CreateTempSubdirectory("parcae-plugins-").FullName;
    private readonly string _folder;

    public PluginFolderTests()
    {
        _folder = Directory.CreateDirectory(Path.Combine(_root, "allowed")).FullName + Path.DirectorySeparatorChar;
        Directory.CreateDirectory(Path.Combine(_root, "elsewhere", "deep"));
        foreach (string file in (string[])["allowed/own.dll", "elsewhere/other.dll", "elsewhere/deep/other.dll"]) File.WriteAllText(Path.Combine(_root, file), "");
    }

    public void Dispose() => Directory.Delete(_root, recursive: true);

    [Fact]
    public void What_lies_in_the_folder_is_loaded_and_without_a_rule_everything_is()
    {
        PluginFolder.Check(_folder + "own.dll", PluginFolder.RuleOf(_folder));
        PluginFolder.Check(_folder + "not/there/yet.dll", PluginFolder.RuleOf(_folder));
        PluginFolder.Check("/anywhere.dll", null);
    }

    [Theory]
    [InlineData("elsewhere/other.dll")]
    [InlineData("allowed-not/own.dll")]
    public void What_lies_elsewhere_is_not(string file)
    {
        var refused = Assert.Throws<ArgumentException>(() => PluginFolder.Check(Path.Combine(_root, file), PluginFolder.RuleOf(_folder)));
        Assert.Contains($"it must lie in the folder of this silo's --plugins, {Path.TrimEndingDirectorySeparator(_folder)}", refused.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_link_that_leads_out_is_elsewhere_be_it_the_file_or_a_folder_on_its_way()
    {
        File.CreateSymbolicLink(_folder + "linked.dll", Path.Combine(_root, "elsewhere", "other.dll"));
        Directory.CreateSymbolicLink(_folder + "deep", Path.Combine(_root, "elsewhere", "deep"));
        Directory.CreateSymbolicLink(_folder + "deeper", _folder + "deep");
        Directory.CreateSymbolicLink(_folder + "round", _folder + "round");
        Assert.Throws<ArgumentException>(() => PluginFolder.Check(_folder + "linked.dll", PluginFolder.RuleOf(_folder)));
        Assert.Throws<ArgumentException>(() => PluginFolder.Check(_folder + "deep/other.dll", PluginFolder.RuleOf(_folder)));
        Assert.Throws<ArgumentException>(() => PluginFolder.Check(_folder + "deeper/other.dll", PluginFolder.RuleOf(_folder)));
        Assert.Throws<ArgumentException>(() => PluginFolder.Check(_folder + "round/other.dll", PluginFolder.RuleOf(_folder)));
    }

    [Fact]
    public void A_silo_without_a_folder_says_how_one_is_given() =>
        Assert.Contains("start it with --plugins FOLDER", Assert.Throws<ArgumentException>(() => PluginFolder.Check(_folder + "own.dll", PluginFolder.RuleOf(null))).Message, StringComparison.Ordinal);
}
