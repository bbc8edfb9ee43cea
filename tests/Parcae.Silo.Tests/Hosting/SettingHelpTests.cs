using System.Globalization;
using System.Reflection;
using Parcae.Silo.Hosting;
using Xunit;

namespace Parcae.Silo.Tests.Hosting;

public sealed class SettingHelpTests
{
    public static TheoryData<string> Settings => [.. SettingNames.Properties.Select(p => p.Name)];

    [Theory]
    [MemberData(nameof(Settings))]
    public void Every_setting_has_a_description_with_its_true_default(string name)
    {
        var property = typeof(SiloSettings).GetProperty(name)!;
        string summary = SettingHelp.Summary(property);
        string value = property.GetValue(new SiloSettings()) switch
        {
            null => "null",
            bool b => b ? "true" : "false",
            var other => Convert.ToString(other, CultureInfo.InvariantCulture)!,
        };
        Assert.Contains($"The default value is {value}", summary, StringComparison.Ordinal);
    }

    [Theory]
    [MemberData(nameof(Settings))]
    public void Every_setting_but_free_text_and_switches_has_a_rule(string name)
    {
        var property = typeof(SiloSettings).GetProperty(name)!;
        bool free = property.PropertyType == typeof(bool) || (property.PropertyType == typeof(string) && new NullabilityInfoContext().Create(property).WriteState == NullabilityState.Nullable);
        Assert.True(free || SettingHelp.Rule(property) is not null);
    }

    [Fact]
    public void The_help_says_of_every_option_what_it_is_and_what_it_may_be()
    {
        string help = SettingHelp.Text();
        Assert.All(SettingNames.Options, option => Assert.Contains($"--{option} ", help, StringComparison.Ordinal));
        Assert.DoesNotContain(help.Split('\n'), line => line.Length > 160);
        Assert.Contains("The default value is 11111. It must be a port from 0 to 65535.", string.Join(' ', help.Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries)), StringComparison.Ordinal);
    }
}
