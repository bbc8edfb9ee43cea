using System.Reflection;
using System.Text;
using Microsoft.Extensions.Configuration;

namespace Parcae.Silo.Hosting;

/// <summary>Ties the command line, the environment and configuration files to the properties of <see cref="SiloSettings"/>.</summary>
internal static class SettingNames
{
    private const string Section = "Parcae";
    private const string ConfigOption = "config";

    /// <summary>The settings, in the order in which they are declared.</summary>
    public static IReadOnlyList<PropertyInfo> Properties { get; } = [.. typeof(SiloSettings).GetProperties().Where(p => p.CanWrite)];

    /// <summary>All settings, as on the command line.</summary>
    public static IReadOnlyList<string> Options { get; } = [.. Properties.Select(p => ToOption(p.Name)).Order(StringComparer.Ordinal)];

    /// <summary><c>SiloPort</c> becomes <c>silo-port</c>.</summary>
    public static string ToOption(string property)
    {
        var name = new StringBuilder();
        foreach (char c in property)
        {
            if (char.IsUpper(c) && name.Length > 0) name.Append('-');
            name.Append(char.ToLowerInvariant(c));
        }
        return name.ToString();
    }

    /// <summary><c>silo-port</c> becomes <c>PARCAE_SILO_PORT</c>.</summary>
    public static string ToVariable(string option) => "PARCAE_" + option.Replace('-', '_').ToUpperInvariant();

    /// <summary>Reads the settings from files, environment and command line.</summary>
    /// <exception cref="UsageException">An unknown option, an option without a value, a value out of range, or a file that cannot be read.</exception>
    public static SiloSettings Read(IReadOnlyList<string> args)
    {
        var given = new Dictionary<string, string?>();
        for (int i = 0; i < args.Count; i++)
        {
            string arg = args[i];
            if (!arg.StartsWith("--", StringComparison.Ordinal)) throw new UsageException($"'{arg}' was not expected here.");
            string[] parts = arg[2..].Split('=', 2);
            if (!Options.Contains(parts[0])) throw new UsageException($"Unknown option '--{parts[0]}'. Known: {string.Join(", ", Options.Select(o => "--" + o))}.");
            string? value = parts.Length == 2 ? parts[1] : i + 1 < args.Count ? args[++i] : null;
            given[parts[0]] = value ?? throw new UsageException($"Option '--{parts[0]}' needs a value.");
        }

        foreach (string option in Options)
        {
            if (Environment.GetEnvironmentVariable(ToVariable(option)) is { } value) given.TryAdd(option, value);
        }

        string? file = given.GetValueOrDefault(ConfigOption);
        SiloSettings settings;
        try
        {
            var configuration = new ConfigurationBuilder().AddSettingFiles(file)
                .AddInMemoryCollection(given.Select(g => KeyValuePair.Create($"{Section}:{ToProperty(g.Key)}", g.Value)))
                .Build();
            settings = configuration.GetSection(Section).Get<SiloSettings>(o => o.ErrorOnUnknownConfiguration = true) ?? new SiloSettings();
        }
        catch (FileNotFoundException)
        {
            throw new UsageException($"--{ConfigOption} {file}: there is no such file");
        }
        catch (InvalidDataException e)
        {
            throw new UsageException($"A file of settings cannot be read: {e.Message} {e.InnerException?.Message}".TrimEnd());
        }
        catch (InvalidOperationException e)
        {
            throw new UsageException(e.InnerException is null ? e.Message : $"{e.Message} {e.InnerException.Message}");
        }
        if (settings.Problems() is { Count: > 0 } problems) throw new UsageException(string.Join(Environment.NewLine, problems));
        return settings;
    }

    /// <summary><c>appsettings.json</c> of the working directory, if there is one, and a file that must be there.</summary>
    public static IConfigurationBuilder AddSettingFiles(this IConfigurationBuilder configuration, string? file)
    {
        configuration.AddJsonFile(Path.GetFullPath("appsettings.json"), optional: true);
        return file is null ? configuration : configuration.AddJsonFile(Path.GetFullPath(file), optional: false);
    }

    private static string ToProperty(string option) => Properties.First(p => ToOption(p.Name) == option).Name;
}

/// <summary>The command line cannot be used as it is; the message says what would be right.</summary>
internal sealed class UsageException(string message) : Exception(message)
{
    /// <summary>Reads files that options name.</summary>
    /// <param name="options">The options, for the message.</param>
    /// <param name="read">Reads them.</param>
    /// <exception cref="UsageException">They do not do.</exception>
    public static T Of<T>(string options, Func<T> read)
    {
        try
        {
            return read();
        }
        catch (InvalidDataException e)
        {
            throw new UsageException($"{options}: {e.Message}");
        }
    }
}
