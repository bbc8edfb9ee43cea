using System.Diagnostics.Metrics;
using System.Reflection;
using System.Text.RegularExpressions;

using Parcae.Grains;
using Parcae.Grains.Telemetry;

namespace Parcae.Client.Tests.Documentation;

/// <summary>Metrics that the documentation names are those that there are.</summary>
public sealed partial class MetricNamesTests
{
    private static readonly Instrument[] Instruments =
        [.. typeof(ParcaeTelemetry).GetProperties(BindingFlags.Public | BindingFlags.Static).Select(p => p.GetValue(null)).OfType<Instrument>()];

    public static TheoryData<string> Files => [.. MarkdownFiles.All.Keys];

    [Fact]
    public void Every_metric_is_on_the_page_on_telemetry_with_its_unit_and_its_kind()
    {
        Assert.True(Instruments.Length > 10);
        string page = Golden.Read("docs/telemetry.md");
        Assert.All(Instruments, i => Assert.Contains($"| `{i.Name}` | `{i.Unit}` | {Kind(i)} |", page, StringComparison.Ordinal));
    }

    [Theory]
    [MemberData(nameof(Files))]
    public void Every_name_of_a_metric_is_one(string file)
    {
        string[] known = [.. Instruments.Select(i => i.Name), ParcaeNames.RoleKey];
        Assert.Empty(Name().Matches(Golden.Read(file)).Select(m => m.Groups["name"].Value).Except(known));
    }

    private static string Kind(Instrument instrument) => instrument.GetType().Name.Split('`')[0].ToLowerInvariant();

    [GeneratedRegex(@"`(?<name>parcae\.[a-z_.]+)`")]
    private static partial Regex Name();
}
