using System.ComponentModel.DataAnnotations;
using System.Reflection;
using System.Text;
using System.Text.RegularExpressions;
using System.Xml.Linq;

namespace Parcae.Silo.Hosting;

/// <summary>What <c>--help</c> says of the settings: their own summaries, and the rules of their attributes.</summary>
internal static partial class SettingHelp
{
    private const int Width = 110;
    private const string Indent = "      ";

    private const string Head = """
        Parcae.Silo: the host of Parcae.Orleans.

          Parcae.Silo --role control [options]   grains, /health, /metrics and the state vault (on-demand instance)
          Parcae.Silo --role worker  [options]   the GPU worker (one per preemptible instance)
          Parcae.Silo --role all     [options]   both in one process, for a single machine
          Parcae.Silo store --port P --data DIR  an embedded Redis-compatible store for one machine
          Parcae.Silo profile                    measures a model for `parcae profile`, which says what on standard input
          Parcae.Silo export|generate|import     what one does with a job's checkpoints; see --help of each

        Every option can also be set in the environment (--silo-port as PARCAE_SILO_PORT), in a file (--config), or in appsettings.json, both as a key of
        the section "Parcae" (SiloPort). The command line wins over the environment, that over the file, and that over appsettings.json.

        Options:
        """;

    /// <summary>The whole text.</summary>
    public static string Text()
    {
        var text = new StringBuilder(Head).AppendLine();
        foreach (var property in SettingNames.Properties)
        {
            text.Append("  --").Append(SettingNames.ToOption(property.Name)).Append(' ').AppendLine(Placeholder(property));
            string rule = Rule(property) is { } right ? $" It {right}." : "";
            foreach (string line in Wrap(Summary(property) + rule)) text.Append(Indent).AppendLine(line);
        }

        return text.ToString();
    }

    /// <summary>A setting's summary as plain text. Empty where the documentation file is not beside the program.</summary>
    public static string Summary(PropertyInfo property) => Summaries.Value.GetValueOrDefault($"P:{property.DeclaringType!.FullName}.{property.Name}", "");

    /// <summary>What a value must be, or null: anything goes.</summary>
    public static string? Rule(PropertyInfo property) => property.GetCustomAttributes<ValidationAttribute>().FirstOrDefault()?.FormatErrorMessage(property.Name);

    private static readonly Lazy<Dictionary<string, string>> Summaries = new(() =>
    {
        string file = Path.ChangeExtension(typeof(SettingHelp).Assembly.Location, ".xml");
        if (!File.Exists(file)) return [];
        return XDocument.Load(file).Descendants("member").ToDictionary(m => (string)m.Attribute("name")!, m => Plain(m.Element("summary")));
    });

    private static string Plain(XElement? summary) => summary is null ? "" : Blanks().Replace(string.Concat(summary.Nodes().Select(n => n switch
    {
        XText text => text.Value,
        XElement { Name.LocalName: "see" } see => ((string?)see.Attribute("cref") ?? "").Split('.', ':')[^1],
        XElement element => element.Value,
        _ => "",
    })), " ").Trim();

    private static string Placeholder(PropertyInfo property) => (Nullable.GetUnderlyingType(property.PropertyType) ?? property.PropertyType) switch
    {
        var t when t == typeof(bool) => "true|false",
        var t when t == typeof(string) => "TEXT",
        _ => "NUMBER",
    };

    private static IEnumerable<string> Wrap(string text)
    {
        string line = "";
        foreach (string word in text.Split(' ', StringSplitOptions.RemoveEmptyEntries))
        {
            if (line.Length > 0 && Indent.Length + line.Length + 1 + word.Length > Width)
            {
                yield return line;
                line = "";
            }

            line = line.Length == 0 ? word : $"{line} {word}";
        }

        if (line.Length > 0) yield return line;
    }

    [GeneratedRegex(@"\s+")]
    private static partial Regex Blanks();
}
