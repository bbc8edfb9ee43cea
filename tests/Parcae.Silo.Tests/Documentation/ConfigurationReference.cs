using System.Collections;
using System.ComponentModel.DataAnnotations;
using System.Globalization;
using System.Reflection;
using System.Text;
using Parcae.Client;
using Parcae.Grains.Hosting;
using Parcae.Silo.Availability;
using Parcae.Silo.Hosting;

namespace Parcae.Silo.Tests.Documentation;

/// <summary>The page on settings, from the classes that have them: their defaults, the rules of their attributes, their doc comments.</summary>
internal static class ConfigurationReference
{
    /// <summary>Where it is.</summary>
    public const string File = "docs/configuration.md";

    private const string DefaultIs = "The default value is ";

    private const string Head = """
        # Configuration reference

        <!-- Made from the classes of settings and options by a test; PARCAE_UPDATE_GOLDEN=1 writes it anew. -->

        Each setting of the program can be given on the command line, in the environment, or in a file; the command line wins over the environment, that over the file of `--config`, and that over `appsettings.json` in the working directory. A name that does not exist is refused, and so is a value that may not be, with
        exit code 2 and a line that says what would be right. `Parcae.Silo --help` prints the same list.

        ```json
        {
          "Parcae": { "Role": "worker", "Redis": "redis:6379", "Host": "10.0.0.7", "Zone": "eu-central-1a" },
          "Logging": { "LogLevel": { "Parcae": "Debug" } }
        }
        ```

        Times are seconds, sizes bytes. `true` and `false` are written out: `--faults true`.

        """;

    private const string More = """

        ## Other variables and sections

        | name | read by | meaning |
        | --- | --- | --- |
        | section `Logging` of the files | silos | log levels, as in any .NET host |
        | `OTEL_EXPORTER_OTLP_ENDPOINT` and the other `OTEL_*` | silos, the command | [telemetry](telemetry.md) |
        | `POD_NAME`, `NODE_NAME` | workers | the pod's own name and its node's, [for notices](availability.md#kubernetes) |
        | `OMP_NUM_THREADS`, `OMP_WAIT_POLICY`, `MALLOC_*`, `GLIBC_TUNABLES` | workers | [a worker's environment](training.md#a-workers-environment) |
        | `PARCAE_SILO` | the command | path of `Parcae.Silo.dll`, for the verbs that start it |
        | `PARCAE_DEBUG` | the command | `1`: where a failure came from |
        | `NO_COLOR`, `TERM` | the command | no colours; `TERM=dumb`: no live screens either |

        ## In a host of your own

        The program is a thin shell around [extension methods](hosting.md#roles) with these options; a value that may not be fails the start of the host with the member's name. Times are `TimeSpan`.

        """;

    /// <summary>Options of hosts: how they are come by, and the class.</summary>
    private static readonly (string How, Type Type)[] Options =
    [
        ("`silo.AddParcaeControl(o => ...)`", typeof(ParcaeControlOptions)),
        ("`silo.AddParcaeWorker(o => ...)`", typeof(ParcaeWorkerOptions)),
        ("`silo.AddParcaeWorker(availability: o => ...)`", typeof(AvailabilityOptions)),
        ("`services.AddParcaeApi(o => ...)`", typeof(ParcaeApiOptions)),
        ("`services.Configure<FleetOptions>(o => ...)`, on control silos", typeof(FleetOptions)),
        ("`services.Configure<JobOptions>(o => ...)`, on control silos", typeof(JobOptions)),
        ("`builder.AddParcaeClient(o => ...)`, or the configuration section `Parcae:Client` (`Parcae__Client__Redis` in the environment)", typeof(ParcaeClientOptions)),
    ];

    /// <summary>The page.</summary>
    public static string Generate()
    {
        var text = new StringBuilder(Head.ReplaceLineEndings("\n"));
        text.Append("\n## Settings of the program\n\n| command line, environment, key | default | may be | meaning |\n| --- | --- | --- | --- |\n");
        var settings = new SiloSettings();
        foreach (var property in SettingNames.Properties)
        {
            string option = SettingNames.ToOption(property.Name);
            text.Append($"| `--{option}`<br>`{SettingNames.ToVariable(option)}`<br>`Parcae:{property.Name}` | {Row(property, settings)}");
        }

        text.Append(More.ReplaceLineEndings("\n"));
        foreach (var (how, type) in Options)
        {
            object defaults = Activator.CreateInstance(type)!;
            text.Append($"\n### {type.Name}\n\nBy {how}.\n\n| member | default | may be | meaning |\n| --- | --- | --- | --- |\n");
            foreach (var property in Members(type)) text.Append($"| `{property.Name}` | {Row(property, defaults)}");
        }

        return text.ToString();
    }

    /// <summary>What can be set: whatever says what it is by default.</summary>
    public static IEnumerable<PropertyInfo> Members(Type type) => type.GetProperties(BindingFlags.Public | BindingFlags.Instance).Where(p => XmlComments.Summary(p).Contains(DefaultIs, StringComparison.Ordinal));

    /// <summary>Every class of options that the page has.</summary>
    public static IEnumerable<Type> OptionTypes => Options.Select(o => o.Type);

    private static string Row(PropertyInfo property, object defaults)
    {
        string shown = Default(property.GetValue(defaults)), summary = XmlComments.Summary(property);
        // What the comment says of the default value has a column, unless it says more than the value.
        foreach (string said in (string[])[shown, shown.Trim('`')]) summary = summary.Replace($" {DefaultIs}{said}.", "", StringComparison.Ordinal);
        return $"{Cell(shown)} | {Cell(Allowed(property))} | {Cell(summary)} |\n";
    }

    private static string Default(object? value) => value switch
    {
        null => "`null`",
        "" => "empty",
        bool b => b ? "`true`" : "`false`",
        TimeSpan { TotalMilliseconds: < 1000 } time => string.Create(CultureInfo.InvariantCulture, $"{time.TotalMilliseconds} milliseconds"),
        TimeSpan { TotalSeconds: 1 } => "1 second",
        TimeSpan time => string.Create(CultureInfo.InvariantCulture, $"{time.TotalSeconds} seconds"),
        string text => $"`{text}`",
        TimeProvider => "the system's",
        Delegate => "the process's",
        IEnumerable => "empty",
        IFormattable number => $"`{number.ToString(null, CultureInfo.InvariantCulture)}`",
        _ => throw new NotSupportedException($"A default value of {value.GetType()} cannot be shown; say how in {nameof(ConfigurationReference)}."),
    };

    private static string Allowed(PropertyInfo property)
    {
        var rule = property.GetCustomAttributes<ValidationAttribute>().FirstOrDefault();
        string said = rule switch
        {
            null when property.PropertyType == typeof(bool) => "`true`, `false`",
            null => "",
            RangeAttribute { ErrorMessage: null } range => $"from {Limit(range, range.Minimum)} to {Limit(range, range.Maximum)}",
            _ => rule.FormatErrorMessage(property.Name),
        };
        const string Must = "must be ";
        return said.StartsWith(Must, StringComparison.Ordinal) ? said[Must.Length..] : said;
    }

    private static string Limit(RangeAttribute range, object limit) =>
        range.OperandType == typeof(TimeSpan) ? Default(TimeSpan.Parse((string)limit, CultureInfo.InvariantCulture)) : Convert.ToString(limit, CultureInfo.InvariantCulture)!;

    private static string Cell(string text) => text.Replace("|", "\\|", StringComparison.Ordinal).Replace("<", "&lt;", StringComparison.Ordinal);
}
