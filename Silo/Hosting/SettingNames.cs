using System.Text;
using Microsoft.Extensions.Configuration;

namespace Parcae.Silo.Hosting;

/// <summary>Ties the command line, the environment and configuration files to the properties of <see cref="SiloSettings"/>.</summary>
internal static class SettingNames
{
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

    /// <summary>All settings, as on the command line.</summary>
    public static IReadOnlyList<string> Options { get; } =
        [.. typeof(SiloSettings).GetProperties().Where(p => p.CanWrite).Select(p => ToOption(p.Name)).Order(StringComparer.Ordinal)];

    /// <summary>Reads the settings from file, environment and command line.</summary>
    /// <exception cref="UsageException">An unknown option, an option without a value, or a value out of range.</exception>
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
            given["Parcae:" + ToProperty(parts[0])] = value ?? throw new UsageException($"Option '--{parts[0]}' needs a value.");
        }

        var environment = Options
            .Select(o => (Property: ToProperty(o), Value: Environment.GetEnvironmentVariable("PARCAE_" + o.Replace('-', '_').ToUpperInvariant())))
            .Where(e => e.Value is not null)
            .Select(e => KeyValuePair.Create("Parcae:" + e.Property, e.Value));

        var configuration = new ConfigurationBuilder()
            .AddJsonFile(Path.GetFullPath("appsettings.json"), optional: true)
            .AddInMemoryCollection(environment)
            .AddInMemoryCollection(given)
            .Build();
        SiloSettings settings;
        try
        {
            settings = configuration.GetSection("Parcae").Get<SiloSettings>() ?? new SiloSettings();
        }
        catch (InvalidOperationException e)
        {
            throw new UsageException(e.InnerException is null ? e.Message : $"{e.Message} {e.InnerException.Message}");
        }
        if (settings.Problems() is { Count: > 0 } problems) throw new UsageException(string.Join(Environment.NewLine, problems));
        return settings;
    }

    private static string ToProperty(string option) =>
        typeof(SiloSettings).GetProperties().First(p => ToOption(p.Name) == option).Name;
}

/// <summary>The command line cannot be used as it is; the message says what would be right.</summary>
internal sealed class UsageException(string message) : Exception(message);
