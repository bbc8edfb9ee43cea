using Parcae.Client.Tests;
using Parcae.Silo.Hosting;
using Xunit;

namespace Parcae.Silo.Tests.Documentation;

public sealed class ConfigurationReferenceTests
{
    [Fact]
    public void The_page_is_made_from_the_classes() => Golden.Same(ConfigurationReference.File, ConfigurationReference.Generate());

    [Fact]
    public void Every_setting_has_a_line_with_its_three_names_its_default_and_its_meaning()
    {
        string[] lines = ConfigurationReference.Generate().Split('\n');
        Assert.All(SettingNames.Options, option =>
        {
            string[] cells = Assert.Single(lines, l => l.StartsWith($"| `--{option}`<br>`{SettingNames.ToVariable(option)}`<br>`Parcae:", StringComparison.Ordinal)).Split(" | ");
            Assert.True(cells.Length == 4 && cells[1].Length > 0 && cells[3].Length > 10, option);
        });
    }

    [Fact]
    public void Every_option_that_a_host_can_set_has_a_line()
    {
        string page = ConfigurationReference.Generate();
        foreach (var type in ConfigurationReference.OptionTypes)
        {
            var settable = type.GetProperties().Where(p => p.SetMethod is { IsPublic: true });
            Assert.Empty(settable.Except(ConfigurationReference.Members(type)));
            string section = page[page.IndexOf($"### {type.Name}\n", StringComparison.Ordinal)..];
            Assert.All(ConfigurationReference.Members(type), p => Assert.Contains($"| `{p.Name}` |", section, StringComparison.Ordinal));
        }
    }

    [Theory]
    [InlineData("| `--silo-port`<br>`PARCAE_SILO_PORT`<br>`Parcae:SiloPort` | `11111` | a port from 0 to 65535 | Orleans silo-to-silo port; 0: any free one. |")]
    [InlineData("| `--interval`<br>`PARCAE_INTERVAL`<br>`Parcae:Interval` | `60` | from 0.1 to 86400 seconds | Length of a planning interval, seconds. |")]
    [InlineData("| `HaltTimeout` | 5 seconds | from 10 milliseconds to 300 seconds | How long a member may take to stop at once. |")]
    public void A_line_says_what_the_code_says(string line) => Assert.Contains(line, ConfigurationReference.Generate(), StringComparison.Ordinal);
}
